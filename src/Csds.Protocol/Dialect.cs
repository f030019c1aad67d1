namespace Csds.Protocol;

/// <summary>
/// Which fields and ops a release of distributed expects. Workers decode several messages into dataclasses, so a
/// missing or an extra field is fatal there. One dialect holds for a whole cluster: Dask does not support mixing
/// releases. Every property names its row in the version table.
/// </summary>
/// <param name="version">The release.</param>
public sealed class Dialect(DaskVersion version)
{
    /// <summary>The dialect of 2022.12.1 (Debian 12).</summary>
    public static Dialect Dask2022 { get; } = new(new DaskVersion(2022, 12, 1));

    /// <summary>The dialect of 2024.12.1 (Debian 13).</summary>
    public static Dialect Dask2024 { get; } = new(new DaskVersion(2024, 12, 1));

    /// <summary>The dialect of the newest release known.</summary>
    public static Dialect Newest { get; } = new(new DaskVersion(2026, 7, 1));

    /// <summary>The release.</summary>
    public DaskVersion Version { get; } = version;

    /// <summary>V1: graphs come as <c>update-graph-hlg</c>, packed as msgpack layers.</summary>
    public bool PackedGraphs { get; } = version < new DaskVersion(2023, 4, 0);

    /// <summary>V3: graphs come as expressions (<c>expr_ser</c>).</summary>
    public bool ExpressionGraphs { get; } = version >= new DaskVersion(2025, 4, 0);

    /// <summary>V6, V7: compute-task carries <c>function</c>, <c>args</c>, <c>kwargs</c> or a plain <c>run_spec</c>, not a pickled one.</summary>
    public bool SplitRunSpecs { get; } = version < new DaskVersion(2023, 8, 1);

    /// <summary>The scheduler's run specs are <c>dask._task_spec.GraphNode</c> objects, which can be called.</summary>
    public bool CallableRunSpecs { get; } = version >= new DaskVersion(2024, 12, 0);

    /// <summary>V9: compute-task has <c>duration</c>.</summary>
    public bool TaskDuration { get; } = version < new DaskVersion(2025, 1, 1);

    /// <summary>V10: compute-task, task-finished and task-erred have <c>run_id</c>.</summary>
    public bool RunIds { get; } = version >= new DaskVersion(2023, 1, 1);

    /// <summary>V11: compute-task has <c>span_id</c>.</summary>
    public bool Spans { get; } = version >= new DaskVersion(2023, 6, 0);

    /// <summary>V12: long-running has <c>run_id</c>.</summary>
    public bool LongRunningRunIds { get; } = version >= new DaskVersion(2025, 2, 0);

    /// <summary>V16: clients are told of cancelled keys by <c>cancelled-keys</c>, not one by one.</summary>
    public bool CancelledKeys { get; } = version >= new DaskVersion(2023, 3, 1);

    /// <summary>V16: <c>cancelled-keys</c> has <c>reason</c> and <c>msg</c>.</summary>
    public bool CancelReasons => ExpressionGraphs;

    /// <summary>V17: workers understand <c>remove-worker</c>.</summary>
    public bool BroadcastsRemoveWorker { get; } = version >= new DaskVersion(2023, 3, 2);

    /// <summary>V18: nannies register in two phases.</summary>
    public bool TwoPhaseNannies { get; } = version >= new DaskVersion(2023, 9, 0);

    /// <summary>The configuration may forbid to load pickles in the scheduler; later it refuses to start then.</summary>
    public bool PickleMayBeDisallowed => PackedGraphs;

    /// <summary>V5: a key may be something else than a str.</summary>
    public bool TupleKeys { get; } = version >= new DaskVersion(2023, 9, 0);

    /// <summary>V19: locks are semaphores.</summary>
    public bool LocksAreSemaphores { get; } = version >= new DaskVersion(2024, 7, 1);

    /// <summary>V24: requests about datasets name the flush that they wait for; before, clients ask for that first.</summary>
    public bool FlushesInsideRequests { get; } = version >= new DaskVersion(2026, 3, 0);

    /// <summary>V25: a client that confirms a future from a queue or variable wants it from then on.</summary>
    public bool ConfirmsReceivedFutures { get; } = version >= new DaskVersion(2024, 8, 2);

    /// <summary>V27: <c>no-workers-timeout</c> exists.</summary>
    public bool NoWorkersTimeout { get; } = version >= new DaskVersion(2024, 1, 0);

    /// <summary>V28: clients are told how often to heartbeat, and <c>identity</c> has <c>n_workers</c>.</summary>
    public bool AdjustsHeartbeats => ExpressionGraphs;

    /// <summary>V29: clients of a lost actor get a RuntimeError; before, it is a ValueError.</summary>
    public bool LostActorsAreRuntimeErrors { get; } = version >= new DaskVersion(2025, 5, 0);

    /// <summary>V30: a task may declare itself a data producer and so root-ish.</summary>
    public bool DataProducers { get; } = version >= new DaskVersion(2025, 1, 0);

    /// <summary>V31: heartbeats carry <c>digests_total_since_heartbeat</c>.</summary>
    public bool HeartbeatDigests { get; } = version >= new DaskVersion(2023, 4, 0);

    /// <summary>V32: shuffles have runs, and a spec in their barrier task.</summary>
    public bool RestartsShuffles { get; } = version >= new DaskVersion(2024, 11, 0);

    /// <summary>Workers report scattered data themselves, unless <c>update_data</c> says <c>report: false</c>.</summary>
    public bool WorkersReportScatter { get; } = version < new DaskVersion(2023, 3, 2);

    /// <summary>Register-worker lists <c>keys</c>, <c>nbytes</c> and <c>types</c> (row W45).</summary>
    public bool WorkersRegisterKeys { get; } = version < new DaskVersion(2023, 3, 2);

    /// <summary>Logs are answered newest first.</summary>
    public bool LogsNewestFirst { get; } = version >= new DaskVersion(2023, 4, 0);

    /// <summary>Sets of a task that are empty are None in dumps.</summary>
    public bool UnsetIsNone { get; } = version >= new DaskVersion(2023, 12, 0);

    /// <summary>Scheduler plugins, and with them the task stream, are told the stimulus of a transition.</summary>
    public bool PluginsSeeStimuli { get; } = version >= new DaskVersion(2023, 4, 0);

    /// <summary>S15: a task whose input exceeds its worker's memory errs at once.</summary>
    public bool RefusesHugeInput { get; } = version >= new DaskVersion(2023, 9, 0);
}
