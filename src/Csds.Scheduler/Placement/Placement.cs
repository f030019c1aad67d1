namespace Csds.Scheduler;

/// <summary>A policy's decision about a ready task.</summary>
public readonly record struct Placement
{
    private Placement(WorkerState? worker, bool queued, bool coAssigned)
    {
        Worker = worker;
        Queued = queued;
        CoAssigned = coAssigned;
    }

    /// <summary>The worker; null: none for now.</summary>
    public WorkerState? Worker { get; }

    /// <summary>Without a worker: wait for an open slot, instead of for another worker.</summary>
    public bool Queued { get; }

    /// <summary>With a worker: tasks of the same group follow there (row S31).</summary>
    public bool CoAssigned { get; }

    /// <summary>No worker may run the task.</summary>
    public static Placement NoWorker { get; }

    /// <summary>Every worker is busy.</summary>
    public static Placement Queue { get; } = new(null, true, false);

    /// <summary>Run it here.</summary>
    public static Placement On(WorkerState worker) => new(worker, false, false);

    /// <summary>Run it here, and the next tasks of its group as well.</summary>
    public static Placement CoAssign(WorkerState worker) => new(worker, false, true);
}
