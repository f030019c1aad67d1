namespace Csds.Simulator.Network;

/// <summary>The clock of the simulated world: it jumps from one event to the next.</summary>
public sealed class EventQueue
{
    private readonly PriorityQueue<Action, (double Time, long Sequence)> queue = new();
    private long sequence;

    /// <summary>Seconds since 1970 in the simulated world.</summary>
    public double Now { get; private set; } = 1_000_000;

    /// <summary>Number of events that have happened.</summary>
    public long Happened { get; private set; }

    /// <summary>Plans something.</summary>
    public void After(double seconds, Action action) => At(Now + seconds, action);

    /// <summary>Plans something; events at the same time happen in the order in which they were planned.</summary>
    public void At(double time, Action action) => queue.Enqueue(action, (Math.Max(time, Now), sequence++));

    /// <summary>Lets everything happen up to a time.</summary>
    public void RunUntil(double time)
    {
        while (queue.TryPeek(out Action? action, out (double Time, long Sequence) due) && due.Time <= time)
        {
            queue.Dequeue();
            Now = due.Time;
            Happened++;
            action();
        }
        Now = time;
    }
}
