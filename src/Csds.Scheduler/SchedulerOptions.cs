using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// The settings that decisions depend on, with the defaults of <c>distributed.yaml</c>. Durations are seconds, sizes
/// bytes. Names are those of the configuration keys below <c>distributed.scheduler</c>, if nothing else is said.
/// </summary>
public sealed record SchedulerOptions
{
    /// <summary>The release of Dask that workers and clients run.</summary>
    public Dialect Dialect { get; init; } = Dialect.Newest;

    /// <summary><c>allowed-failures</c>: workers that may die on a task before it errs.</summary>
    public int AllowedFailures { get; init; } = 3;

    /// <summary><c>bandwidth</c>: bytes per second between workers, before any was measured.</summary>
    public double Bandwidth { get; init; } = 100e6;

    /// <summary><c>default-data-size</c>: bytes of a result whose size is unknown.</summary>
    public long DefaultDataSize { get; init; } = 1024;

    /// <summary><c>unknown-task-duration</c>: seconds that an unknown task is taken to run.</summary>
    public double UnknownTaskDuration { get; init; } = 0.5;

    /// <summary><c>default-task-durations</c>: seconds by prefix.</summary>
    public IReadOnlyDictionary<string, double> DefaultTaskDurations { get; init; } = new Dictionary<string, double>
    {
        ["rechunk-split"] = 1e-6,
        ["split-shuffle"] = 1e-6,
        ["split-taskshuffle"] = 1e-6,
        ["split-stage"] = 1e-6,
    };

    /// <summary><c>worker-saturation</c>: tasks per thread that a worker gets from the queue; infinity: no queue.</summary>
    public double WorkerSaturation { get; init; } = 1.1;

    /// <summary><c>rootish-taskgroup</c>: a root-ish group depends on fewer groups than this.</summary>
    public int RootishTaskGroup { get; init; } = 5;

    /// <summary><c>rootish-taskgroup-dependencies</c>: ... which have fewer tasks than this together.</summary>
    public int RootishTaskGroupDependencies { get; init; } = 5;

    /// <summary><c>work-stealing</c>: move tasks from busy workers to idle ones.</summary>
    public bool WorkStealing { get; init; } = true;

    /// <summary><c>work-stealing-interval</c>: seconds between two looks for such tasks.</summary>
    public double WorkStealingInterval { get; init; } = 1;

    /// <summary><c>worker-ttl</c>: seconds without a heartbeat after which a worker is given up; null: never.</summary>
    public double? WorkerTtl { get; init; } = 300;

    /// <summary><c>idle-timeout</c>: seconds without work after which the scheduler closes; null: never.</summary>
    public double? IdleTimeout { get; init; }

    /// <summary><c>no-workers-timeout</c>: seconds that a task may wait for a worker that can run it; null: forever.</summary>
    public double? NoWorkersTimeout { get; init; }

    /// <summary><c>worker.memory.terminate</c> is set: a task whose input exceeds the worker's memory errs at once.</summary>
    public bool MemoryTerminate { get; init; } = true;

    /// <summary><c>worker.memory.recent-to-old-time</c>.</summary>
    public double RecentToOldTime { get; init; } = 30;

    /// <summary><c>validate</c>: check the invariants after every event.</summary>
    public bool Validate { get; init; }

    /// <summary><c>transition-log-length</c> or <c>admin.low-level-log-length</c>.</summary>
    public int TransitionLogLength { get; init; } = 1000;

    /// <summary>
    /// The larger of <c>dashboard.status.task-stream-length</c> and <c>dashboard.tasks.task-stream-length</c>: runs that
    /// <see cref="TaskStream"/> keeps.
    /// </summary>
    public int TaskStreamLength { get; init; } = 100_000;

    /// <summary><c>events-log-length</c> or <c>admin.low-level-log-length</c>: events kept by topic.</summary>
    public int EventsLogLength { get; init; } = 1000;

    /// <summary><c>events-cleanup-delay</c>: seconds that a worker's or client's events outlive it.</summary>
    public double EventsCleanupDelay { get; init; } = 3600;

    /// <summary><c>diagnostics.computations.max-history</c>: computations that are kept.</summary>
    public int ComputationsKept { get; init; } = 100;

    /// <summary><c>locks.lease-timeout</c>: seconds until a lease expires that says nothing of it (2022); null: never.</summary>
    public double? LeaseTimeout { get; init; } = 30;

    /// <summary><c>locks.lease-validation-interval</c>: seconds between looks at the leases.</summary>
    public double LeaseValidationInterval { get; init; } = 10;

    /// <summary><c>active-memory-manager.start</c>: run it from the beginning.</summary>
    public bool MemoryManagerStart { get; init; } = true;

    /// <summary><c>active-memory-manager.interval</c>: seconds between its rounds.</summary>
    public double MemoryManagerInterval { get; init; } = 2;

    /// <summary><c>active-memory-manager.measure</c>: the memory that it looks at.</summary>
    public string MemoryManagerMeasure { get; init; } = "optimistic";

    /// <summary><c>active-memory-manager.policies</c>: their classes.</summary>
    public IReadOnlyList<string> MemoryManagerPolicies { get; init; } = [ReduceReplicas.ClassName];

    /// <summary><c>worker.memory.rebalance.measure</c>.</summary>
    public string RebalanceMeasure { get; init; } = "optimistic";

    /// <summary><c>worker.memory.rebalance.sender-min</c>: share of its memory that a worker uses before it gives results away.</summary>
    public double RebalanceSenderMin { get; init; } = 0.3;

    /// <summary><c>worker.memory.rebalance.recipient-max</c>: share of its memory beyond which a worker takes no results.</summary>
    public double RebalanceRecipientMax { get; init; } = 0.6;

    /// <summary><c>worker.memory.rebalance.sender-recipient-gap</c>: share of its memory, around the mean, of no interest.</summary>
    public double RebalanceGap { get; init; } = 0.1;

    /// <summary><c>adaptive.target-duration</c>: seconds within which all work should be done.</summary>
    public double AdaptiveTargetDuration { get; init; } = 5;

    /// <summary>Seed of the random choices.</summary>
    public int Seed { get; init; }
}
