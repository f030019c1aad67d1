namespace Csds.Scheduler;

/// <summary>Memory readings of a worker, or of the whole cluster, in bytes (row S54): Dask's <c>MemoryState</c>.</summary>
/// <remarks>
/// Some of it comes with heartbeats, some with reports of tasks, and sizes may be inexact: a part may be larger than the
/// whole for a while. What is read here always adds up.
/// </remarks>
public readonly record struct MemoryState
{
    private MemoryState(long process, long unmanagedOld, long managed, long spilled)
    {
        Process = process;
        Managed = Math.Min(process, managed);
        Spilled = spilled;
        UnmanagedOld = Math.Min(unmanagedOld, process - Managed);
    }

    /// <summary>Resident memory of the process.</summary>
    public long Process { get; }

    /// <summary>Results in memory.</summary>
    public long Managed { get; }

    /// <summary>Results on disk, as they are there.</summary>
    public long Spilled { get; }

    /// <summary>What else has been in memory for long.</summary>
    public long UnmanagedOld { get; }

    /// <summary>All that is in memory and no result.</summary>
    public long Unmanaged => Process - Managed;

    /// <summary>What is in memory since lately and no result.</summary>
    public long UnmanagedRecent => Process - Managed - UnmanagedOld;

    /// <summary>What will stay if the recent part is passing.</summary>
    public long Optimistic => Managed + UnmanagedOld;

    /// <summary>Results, wherever they are.</summary>
    public long ManagedTotal => Managed + Spilled;

    /// <summary>The readings of one worker.</summary>
    public static MemoryState Of(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        WorkerMetrics metrics = ws.Metrics;
        long managed = Math.Max(0, ws.NBytes - metrics.SpilledMemory);
        return new MemoryState(metrics.Memory, ws.UnmanagedMemory.Old, managed, metrics.SpilledDisk);
    }

    /// <summary>The readings of several workers together.</summary>
    public static MemoryState Sum(IEnumerable<WorkerState> workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        long process = 0, unmanagedOld = 0, managed = 0, spilled = 0;
        foreach (WorkerState ws in workers)
        {
            MemoryState one = Of(ws);
            process += one.Process;
            unmanagedOld += one.UnmanagedOld;
            managed += one.Managed;
            spilled += one.Spilled;
        }
        return new MemoryState(process, unmanagedOld, managed, spilled);
    }
}
