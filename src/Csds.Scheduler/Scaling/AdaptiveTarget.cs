namespace Csds.Scheduler;

/// <summary>How many workers the present work calls for (rows R39, S55): Dask's <c>adaptive_target</c>.</summary>
public static class AdaptiveTarget
{
    // The tasks that stand for all that wait.
    private const int Sample = 100;

    // Workers are doubled when they store more than this share of their memory.
    private const double FullMemory = 0.6;

    /// <summary>The number of workers.</summary>
    /// <param name="s">The state.</param>
    /// <param name="targetDuration">Seconds within which all work should be done.</param>
    public static int FindAdaptiveTarget(this SchedulerState s, double targetDuration)
    {
        ArgumentNullException.ThrowIfNull(s);
        int workers = s.Workers.Count;
        bool waiting = s.Queued.Count > 0 || !s.Unrunnable.IsEmpty;
        bool counted = !s.Options.Dialect.PackedGraphs;
        double cpu = Math.Ceiling((s.Occupancy.Total + QueuedOccupancy(s, counted)) / targetDuration);
        // A few long tasks do not call for many cores.
        long ready = s.ProcessingCount + s.Queued.Count + (counted ? s.Unrunnable.Count : 0);
        cpu = Math.Min(ready, cpu);
        if (counted && workers > 0)
        {
            cpu = Math.Ceiling(cpu / s.Workers.TotalNThreads * workers);
        }
        if (waiting && workers == 0)
        {
            cpu = Math.Max(1, cpu);
        }
        long limit = s.Workers.TotalMemory;
        long used = s.Workers.Sorted.Sum(ws => ws.NBytes);
        int memory = limit > 0 && used > FullMemory * limit ? 2 * workers : 0;
        int target = (int)Math.Clamp(Math.Max(memory, cpu), 0, int.MaxValue);
        return target >= workers ? target : workers - s.FindWorkersToClose(new DownscalingRequest()).Count;
    }

    // 2022 takes every queued task for unknown, and leaves out those that no worker can run.
    private static double QueuedOccupancy(SchedulerState s, bool counted)
    {
        if (!counted)
        {
            return s.Queued.Count * s.Options.UnknownTaskDuration;
        }
        long ready = s.Queued.Count + s.Unrunnable.Count;
        double occupancy = s.Queued.Concat(s.Unrunnable).Take(Sample).Sum(ts => Duration(s, ts.Prefix));
        return ready > Sample ? occupancy * (ready / (double)Sample) : occupancy;
    }

    // Only since 2025 what runs already says how long a prefix takes.
    private static double Duration(SchedulerState s, TaskPrefix prefix)
    {
        if (s.Options.Dialect.ExpressionGraphs)
        {
            return s.Occupancy.DurationOf(prefix);
        }
        return prefix.DurationAverage >= 0 ? prefix.DurationAverage : s.Options.UnknownTaskDuration;
    }

    /// <summary><c>adaptive_target</c>.</summary>
    internal static void Serve(SchedulerState s, Request r) =>
        s.Answer(r.Number, Answers.Int(s.FindAdaptiveTarget(r.TargetDuration ?? s.Options.AdaptiveTargetDuration)));
}
