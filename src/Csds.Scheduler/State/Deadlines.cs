namespace Csds.Scheduler;

/// <summary>What has to happen later. Time is data: nothing runs by itself, <see cref="Run"/> acts on what is due.</summary>
internal sealed class Deadlines
{
    private readonly PriorityQueue<Action, (double Due, long Sequence)> queue = new();
    private long sequence;

    /// <summary>Seconds since 1970 of the next deadline; null: none.</summary>
    internal double? Next => queue.TryPeek(out _, out (double Due, long Sequence) priority) ? priority.Due : null;

    internal void Add(double due, Action action) => queue.Enqueue(action, (due, sequence++));

    /// <summary>Does what is due, in the order of time and then of registration.</summary>
    internal void Run(double now)
    {
        while (queue.TryPeek(out Action? action, out (double Due, long Sequence) priority) && priority.Due <= now)
        {
            queue.Dequeue();
            action();
        }
    }
}
