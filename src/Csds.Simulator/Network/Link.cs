namespace Csds.Simulator.Network;

/// <summary>One direction of a stream: what is sent arrives late, but in order, or not at all once the link is cut.</summary>
public sealed class Link(EventQueue clock, Randomness random, double latency)
{
    private double lastArrival;

    /// <summary>Nothing arrives any more, not even what is on its way.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Lets something arrive behind everything that was sent before.</summary>
    public void Send(Action arrive)
    {
        lastArrival = Math.Max(lastArrival, clock.Now + random.Exponential(latency));
        clock.At(lastArrival, () =>
        {
            if (!IsCut)
            {
                arrive();
            }
        });
    }

    /// <summary>Cuts the link.</summary>
    public void Cut() => IsCut = true;
}
