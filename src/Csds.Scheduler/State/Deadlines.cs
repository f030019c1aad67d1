namespace Csds.Scheduler;

/// <summary>What has to happen later. Time is data: nothing runs by itself, <see cref="Run"/> acts on what is due.</summary>
internal sealed class Deadlines
{
    private readonly SortedSet<Deadline> pending = [];
    private long sequence;

    /// <summary>Seconds since 1970 of the next deadline; null: none.</summary>
    internal double? Next => pending.Min?.Due;

    /// <summary>Has something done later.</summary>
    /// <param name="due">Seconds since 1970; not NaN.</param>
    /// <param name="action">What to do.</param>
    internal Deadline Add(double due, Action action)
    {
        var deadline = new Deadline(due, sequence++, action);
        pending.Add(deadline);
        return deadline;
    }

    /// <summary>The deadline has no meaning any more.</summary>
    internal void Cancel(Deadline deadline) => pending.Remove(deadline);

    /// <summary>
    /// Does what is due, in the order of time and then of registration. What comes up meanwhile waits for the next call,
    /// so that this one ends.
    /// </summary>
    internal void Run(double now)
    {
        long end = sequence;
        while (pending.Min is { } first && first.Due <= now && first.Sequence < end)
        {
            pending.Remove(first);
            first.Act();
        }
    }
}
