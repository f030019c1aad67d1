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

    /// <summary>The round that this thread is in; null: none.</summary>
    internal static ReceiveRound? Current => current;

    /// <summary>Receives, and then lets the reactors that got events have their turns.</summary>
    internal void Run(Action receive)
    {
        current = this;
        receive();
        current = null;
        foreach (Reactor reactor in waiting)
        {
            reactor.RunTurns(isLoop: true);
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
