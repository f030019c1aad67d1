namespace Csds.Scheduler;

/// <summary>
/// Expected seconds of work (rows S37, S38): per worker the prefixes' durations times their numbers of tasks, and the
/// transfers that these tasks wait for. The total over all workers is kept up to date, not summed.
/// </summary>
public sealed class Occupancy(SchedulerOptions options)
{
    private double computeTotal;
    private long activePrefixes;
    private long networkBytes;

    /// <summary>Measured bytes per second between workers (row S40).</summary>
    public double Bandwidth { get; internal set; } = options.Bandwidth;

    /// <summary>Expected seconds of work on all workers together.</summary>
    public double Total => Math.Max(0, computeTotal + (networkBytes / Bandwidth));

    /// <summary>Expected seconds of a task, transfers left out: Dask's <c>_get_prefix_duration</c>.</summary>
    public double DurationOf(TaskPrefix prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.DurationAverage >= 0)
        {
            return prefix.DurationAverage;
        }
        return prefix.MaxExecTime > 0 ? 2 * prefix.MaxExecTime : options.UnknownTaskDuration;
    }

    /// <summary>Expected seconds of work on one worker.</summary>
    public double Of(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        double seconds = 0;
        foreach ((TaskPrefix prefix, int count) in ws.PrefixCounts)
        {
            seconds += DurationOf(prefix) * count;
        }
        return seconds + (ws.NetworkOccupancy / Bandwidth);
    }

    /// <summary>A task begins (+1) or ceases (-1) to count for its worker.</summary>
    internal void Count(WorkerState ws, TaskPrefix prefix, int change)
    {
        ws.CountPrefix(prefix, change);
        long before = prefix.Processing;
        prefix.Processing += change;
        activePrefixes += (prefix.Processing > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
        Refresh(prefix);
    }

    /// <summary>The prefix's expected duration may have changed.</summary>
    internal void Refresh(TaskPrefix prefix)
    {
        double share = prefix.Processing * DurationOf(prefix);
        computeTotal += share - prefix.OccupancyShare;
        prefix.OccupancyShare = share;
        if (activePrefixes == 0)
        {
            // What rounding has left over goes away whenever nothing runs.
            computeTotal = 0;
        }
    }

    internal void AddNetwork(long bytes) => networkBytes += bytes;
}
