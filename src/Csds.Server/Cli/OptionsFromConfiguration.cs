using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Makes the core's settings of Dask's configuration and the command line (rows E19 to E48).</summary>
public static class OptionsFromConfiguration
{
    private const string Scheduler = "distributed.scheduler.";
    private const string MemoryManager = Scheduler + "active-memory-manager.";
    private const string Rebalance = "distributed.worker.memory.rebalance.";

    /// <summary>The settings.</summary>
    /// <exception cref="FormatException">A value in the configuration or on the command line makes no sense.</exception>
    public static SchedulerOptions Read(Configuration config, SchedulerArguments arguments, Dialect dialect)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(dialect);
        var defaults = new SchedulerOptions();
        double saturation = config.Number(Scheduler + "worker-saturation", defaults.WorkerSaturation);
        if (!(saturation > 0))
        {
            throw new FormatException($"`distributed.scheduler.worker-saturation` must be a float > 0; got {saturation}");
        }
        if (!dialect.PackedGraphs && !config.Bool(Scheduler + "pickle", otherwise: true))
        {
            throw new FormatException(
                "Pickling can no longer be disabled with the `distributed.scheduler.pickle` option. "
                + "Please remove this configuration to start the scheduler.");
        }
        int log = config.LogLength(dialect.PackedGraphs ? Scheduler + "transition-log-length" : "distributed.admin.low-level-log-length", 1000);
        return new SchedulerOptions
        {
            Dialect = dialect,
            AllowedFailures = (int)config.Number(Scheduler + "allowed-failures", defaults.AllowedFailures),
            Bandwidth = config.Bytes(Scheduler + "bandwidth", defaults.Bandwidth),
            DefaultDataSize = (long)config.Bytes(Scheduler + "default-data-size", defaults.DefaultDataSize),
            UnknownTaskDuration = config.Seconds(Scheduler + "unknown-task-duration") ?? defaults.UnknownTaskDuration,
            DefaultTaskDurations = config.SecondsBelow(Scheduler + "default-task-durations"),
            WorkerSaturation = saturation,
            RootishTaskGroup = (int)config.Number(Scheduler + "rootish-taskgroup", defaults.RootishTaskGroup),
            RootishTaskGroupDependencies =
                (int)config.Number(Scheduler + "rootish-taskgroup-dependencies", defaults.RootishTaskGroupDependencies),
            WorkStealing = config.Bool(Scheduler + "work-stealing", defaults.WorkStealing),
            WorkStealingInterval = config.Seconds(Scheduler + "work-stealing-interval", "ms") ?? defaults.WorkStealingInterval,
            WorkerTtl = config.Seconds(Scheduler + "worker-ttl"),
            IdleTimeout = IdleTimeout(arguments) ?? config.Seconds(Scheduler + "idle-timeout"),
            NoWorkersTimeout = config.Seconds(Scheduler + "no-workers-timeout"),
            MemoryTerminate = config.Text("distributed.worker.memory.terminate") is not (null or "False"),
            RecentToOldTime = config.Seconds("distributed.worker.memory.recent-to-old-time") ?? defaults.RecentToOldTime,
            MemoryManagerStart = config.Bool(MemoryManager + "start", defaults.MemoryManagerStart),
            MemoryManagerInterval = config.Seconds(MemoryManager + "interval") ?? defaults.MemoryManagerInterval,
            MemoryManagerMeasure = Measure(config, MemoryManager + "measure", dialect),
            MemoryManagerPolicies = config.Values(MemoryManager + "policies", "class"),
            RebalanceMeasure = Measure(config, Rebalance + "measure", dialect),
            RebalanceSenderMin = config.Number(Rebalance + "sender-min", defaults.RebalanceSenderMin),
            RebalanceRecipientMax = config.Number(Rebalance + "recipient-max", defaults.RebalanceRecipientMax),
            RebalanceGap = config.Number(Rebalance + "sender-recipient-gap", defaults.RebalanceGap),
            AdaptiveTargetDuration = config.Seconds("distributed.adaptive.target-duration") ?? defaults.AdaptiveTargetDuration,
            LeaseTimeout = LeaseTimeout(config),
            LeaseValidationInterval =
                config.Seconds(Scheduler + "locks.lease-validation-interval") ?? defaults.LeaseValidationInterval,
            Validate = arguments.Validate || config.Bool(Scheduler + "validate", otherwise: false),
            TransitionLogLength = log,
            EventsLogLength = dialect.PackedGraphs ? config.LogLength(Scheduler + "events-log-length", 100_000) : log,
            TaskStreamLength = Math.Max(
                config.LogLength(Scheduler + "dashboard.status.task-stream-length", 1000),
                config.LogLength(Scheduler + "dashboard.tasks.task-stream-length", defaults.TaskStreamLength)),
            ComputationsKept = config.LogLength("distributed.diagnostics.computations.max-history", defaults.ComputationsKept),
            EventsCleanupDelay = config.Seconds(Scheduler + "events-cleanup-delay") ?? defaults.EventsCleanupDelay,
            Seed = (int)config.Number("csds.seed", defaults.Seed),
        };
    }

    /// <summary>The policy that <c>--policy</c> or <c>csds.policy</c> names.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public static ISchedulingPolicy ReadPolicy(Configuration config, SchedulerArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arguments);
        string name = arguments.Policy ?? config.Text("csds.policy") ?? PolicyTable.Default;
        return PolicyTable.Create(name)
            ?? throw new FormatException($"`csds.policy` must be one of {string.Join(", ", PolicyTable.Names)}; got {name}");
    }

    private static string Measure(Configuration config, string name, Dialect dialect)
    {
        string measure = config.Text(name) ?? "optimistic";
        return MemoryMeasures.Find(measure, dialect) is not null ? measure : throw new FormatException(
            $"{name} must be one of {string.Join(", ", MemoryMeasures.Names(dialect))}");
    }

    private static double? LeaseTimeout(Configuration config) =>
        config.Text(Scheduler + "locks.lease-timeout") is "inf" ? null : config.Seconds(Scheduler + "locks.lease-timeout");

    private static double? IdleTimeout(SchedulerArguments arguments) => arguments.IdleTimeout is { } text
        ? TimeDelta.Parse(text) ?? throw new FormatException($"--idle-timeout is no duration: {text}")
        : null;
}
