using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Puts the table of operations together: what exists is what stands here.</summary>
public sealed record OperationSet
{
    /// <summary>The state's keeper.</summary>
    public required Reactor Reactor { get; init; }

    /// <summary>The streams.</summary>
    public required StreamDirectory Streams { get; init; }

    /// <summary>Calls to workers.</summary>
    public required CommPool Pool { get; init; }

    /// <summary>Plugins for workers and nannies.</summary>
    public required PluginStore Plugins { get; init; }

    /// <summary>Runs user code.</summary>
    public required SchedulerPython Python { get; init; }

    /// <summary>The configuration <c>distributed.scheduler.pickle</c>: false, and no user code is run.</summary>
    public bool PickleAllowed { get; init; } = true;

    /// <summary>Expands graphs.</summary>
    public required IGraphExpander Expander { get; init; }

    /// <summary>Address, id and the like.</summary>
    public required ServerSettings Settings { get; init; }

    /// <summary>Which release's protocol is spoken.</summary>
    public required Dialect Dialect { get; init; }

    /// <summary>The packages of the helper's Python.</summary>
    public required Opaque Versions { get; init; }

    /// <summary>The last lines of the log.</summary>
    public RecentLog RecentLog { get; init; } = new(TimeProvider.System);

    /// <summary>Writes dumps where Python's <c>fsspec</c> can write; null: nowhere.</summary>
    public DumpWriter? WriteDump { get; init; }

    /// <summary>Closes the scheduler, for a reason.</summary>
    public required Action<string> Close { get; init; }

    /// <summary>The log <c>distributed.scheduler</c>.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Makes the table.</summary>
    public RpcTable Build()
    {
        var table = new RpcTable(Settings, Log);
        var replicaLock = new ReplicaLock();
        var workerData = new WorkerData(Reactor, Pool, Log);
        var replication = new Replication(Reactor, workerData, replicaLock);
        var broadcast = new Broadcast(Reactor, Pool);
        var identity = new Identity(Reactor, Settings);
        var mismatch = new VersionMismatch(Versions, Dialect);
        new WorkerRegistrations(Reactor, Streams, Pool, Plugins, mismatch, Log).AddTo(table);
        new ClientRegistrations(Reactor, Streams, new GraphSubmissions(Reactor, Expander), mismatch).AddTo(table);
        identity.AddTo(table);
        new Queries(Reactor).AddTo(table);
        new CoreRequests(Reactor).AddTo(table);
        new ClientControl(Reactor, Close).AddTo(table);
        new GatherData(Reactor, Pool, Log).AddTo(table);
        new ScatterData(Reactor, Pool, replication).AddTo(table);
        replication.AddTo(table);
        broadcast.AddTo(table);
        new PluginRegistrations(Plugins, broadcast, Dialect, Log).AddTo(table);
        new ShuffleBarrier(Reactor, broadcast).AddTo(table);
        AddLifecycle(table, identity, broadcast, workerData, replicaLock);
        AddDiagnostics(table, broadcast);
        var userCode = new UserCode(Python, PickleAllowed, Log);
        userCode.AddTo(table);
        new Versions(Versions, userCode).AddTo(table);
        Python.Calls = new PythonCalls(Reactor, Streams, Python, userCode, table).Build(Settings, Log);
        return table;
    }

    private void AddLifecycle(
        RpcTable table, Identity identity, Broadcast broadcast, WorkerData workerData, ReplicaLock replicaLock)
    {
        var downscaling = new Downscaling(Reactor, Python);
        new WorkerStatusFeed(Reactor, Streams, identity).AddTo(table);
        new Rebalancing(Reactor, workerData, replicaLock).AddTo(table);
        new HardwareBenchmark(Reactor, broadcast).AddTo(table);
        downscaling.AddTo(table);
        new WorkerRetirement(Reactor, downscaling, replicaLock, Log).AddTo(table);
        new ClusterRestart(Reactor, Pool, Log).AddTo(table);
    }

    private void AddDiagnostics(RpcTable table, Broadcast broadcast)
    {
        new ClusterStates(Reactor, broadcast, Settings, Versions, WriteDump).AddTo(table);
        new Logs(RecentLog, Reactor).AddTo(table);
        new TaskStreams(Reactor).AddTo(table);
        new CallStacks(Reactor, Pool).AddTo(table);
        var profiles = new Profiles(Reactor, broadcast, Python);
        profiles.AddTo(table);
        new PerformanceReports(Reactor, profiles, Settings, Versions, RecentLog).AddTo(table);
    }
}
