namespace Csds.Server;

/// <summary>
/// What one look at all connections has brought. Its events make one turn of the reactor: what a turn sends then reaches peers
/// together, and they, too, have more to do each time they wake up.
/// </summary>
internal sealed class ReceiveRound
{
    [ThreadStatic]
    private static ReceiveRound? current;

    private readonly List<Reactor> waiting = [];

    // They hold messages back since an earlier round.
    private readonly List<Reactor> holding = [];

    /// <summary>The round that this thread is in; null: none.</summary>
    internal static ReceiveRound? Current => current;

    /// <summary>Receives, and then lets the reactors that got events have their turns. What they hold back is sent in a round without.</summary>
    /// <param name="receive">Waits so many milliseconds at most, or for ever: -1.</param>
    internal void Run(Action<int> receive)
    {
        current = this;
        receive(holding.Count > 0 ? Reactor.Patience : Timeout.Infinite);
        current = null;
        foreach (Reactor reactor in holding)
        {
            if (!waiting.Contains(reactor))
            {
                reactor.RunTurns(isLoop: true);
            }
        }
        holding.Clear();
        foreach (Reactor reactor in waiting)
        {
            reactor.RunTurns(isLoop: true, mayHold: true);
            if (reactor.HoldsOutput)
            {
                holding.Add(reactor);
            }
        }
        waiting.Clear();
    }

    /// <summary>Puts a reactor's turn off to the end of the round.</summary>
    internal void Defer(Reactor reactor)
    {
        if (!waiting.Contains(reactor))
        {
            waiting.Add(reactor);
        }
    }
}
