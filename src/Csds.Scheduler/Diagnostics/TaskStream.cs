using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Remembers what workers said about the tasks that they ran (rows R38, X1): Dask's <c>TaskStreamPlugin</c>. It watches
/// from the first question on, so that nobody pays who never asks.
/// </summary>
public sealed class TaskStream : ISchedulerObserver
{
    private readonly SchedulerState s;
    private readonly RunReports reports;
    private Run[] ring = [];
    private bool watching;

    internal TaskStream(SchedulerState s)
    {
        this.s = s;
        reports = new RunReports(s);
    }

    /// <summary>Number of runs seen so far; those that are kept are the last ones (<c>index</c>).</summary>
    public long Index { get; private set; }

    /// <summary>Number of runs that are kept (<c>len(buffer)</c>).</summary>
    public int Count { get; private set; }

    /// <summary>Number of runs that are kept at most.</summary>
    private int Capacity => s.Options.TaskStreamLength;

    /// <summary>Begins to watch, if it does not yet.</summary>
    public void Watch()
    {
        if (!watching)
        {
            watching = true;
            s.Observers.Add(this);
        }
    }

    /// <summary>
    /// Dask's <c>collect</c>: the runs that ended between two times, oldest first. What is not said is not bounded.
    /// </summary>
    /// <param name="start">Seconds since 1970, of the workers' clocks.</param>
    /// <param name="stop">Seconds since 1970.</param>
    /// <param name="count">How many: the first ones from <paramref name="start"/> on, else the last ones.</param>
    public IReadOnlyList<Opaque> Collect(double? start, double? stop, int? count)
    {
        int? first = start is { } from ? FirstEndingAt(from) : null;
        int? end = stop is { } to ? FirstEndingAt(to) : null;
        if (count is { } wanted)
        {
            if (first is null)
            {
                end ??= Count;
                first = end - wanted;
            }
            else
            {
                end ??= first + wanted;
            }
        }
        return Slice(first ?? 0, end ?? Count);
    }

    /// <summary>The runs behind an earlier <see cref="Index"/>, as far as they are kept.</summary>
    public IReadOnlyList<Opaque> CollectSince(long index) =>
        Slice((int)Math.Clamp(index - (Index - Count), 0, Count), Count);

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (Capacity > 0 && reports.TryWrite(ts, start, ref context, out Opaque? run, out double end))
        {
            Add(run, end);
        }
    }

    private void Add(Opaque message, double end)
    {
        if (Count == ring.Length && ring.Length < Capacity)
        {
            Array.Resize(ref ring, (int)Math.Min(Capacity, Math.Max(64, ring.Length * 2L)));
        }
        ring[Index % ring.Length] = new Run(message, end);
        Index++;
        Count = Math.Min(Count + 1, ring.Length);
    }

    private Run At(int place) => ring[(Index - Count + place) % ring.Length];

    // Runs are kept in the order of their reports, which is nearly that of their ends.
    private int FirstEndingAt(double time)
    {
        int left = 0, right = Count;
        while (left != right)
        {
            int middle = (left + right) / 2;
            if (At(middle).End < time)
            {
                left = middle + 1;
            }
            else
            {
                right = middle;
            }
        }
        return left;
    }

    private Opaque[] Slice(int start, int stop)
    {
        start = Math.Max(0, start);
        stop = Math.Min(stop, Count);
        var runs = new Opaque[Math.Max(0, stop - start)];
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = At(start + i).Message;
        }
        return runs;
    }

    private readonly record struct Run(Opaque Message, double End);
}
