using System.Net;
using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests;

/// <summary>A server on a free port of this machine, all of it but the helper: graphs are those of 2022 that need none.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly CommPool pool;
    private readonly CommServer comms;
    private readonly Listeners listeners;
    private readonly BoundPorts ports;
    private readonly Task turns;

    private TestServer(
        Reactor reactor, CommPool pool, CommServer comms, BoundPorts ports, Listeners listeners, Task turns,
        CancellationTokenSource stop)
    {
        this.ports = ports;
        Reactor = reactor;
        this.stop = stop;
        this.pool = pool;
        this.comms = comms;
        this.listeners = listeners;
        this.turns = turns;
    }

    internal Reactor Reactor { get; }

    internal int Port => ports.Comms[0].Endpoints[0].Port;

    internal int HttpPort => ports.Http[0].Port;

    internal static async Task<TestServer> StartAsync(
        Dialect? dialect = null, ServerSettings? settings = null, string scheme = "tcp",
        ILogger? log = null)
    {
        settings ??= new ServerSettings { ConnectTimeout = TimeSpan.FromSeconds(2) };
        log ??= NullLogger.Instance;
        var streams = new StreamDirectory();
        var options = new SchedulerOptions { Dialect = dialect ?? Dialect.Dask2022, Validate = true };
        var state = new SchedulerState(options, new DaskPolicy(), 0);
        var reactor = new Reactor(state, streams, TimeProvider.System, log, NullLogger.Instance);
        var pool = new CommPool(settings, NullLoggerFactory.Instance);
        var operations = new OperationSet
        {
            Reactor = reactor,
            Streams = streams,
            Pool = pool,
            Plugins = new PluginStore(),
            Python = new SchedulerPython(new PythonCommand("python3"), new HelperOptions(), _ => default, NullLoggerFactory.Instance),
            Dialect = options.Dialect,
            Expander = new GraphExpander(options.Dialect, (_, _) => throw new NotSupportedException("no helper")),
            Settings = settings,
            Versions = VersionsOf(options.Dialect),
            Close = _ => { },
            Log = log,
        };
        var comms = new CommServer(operations.Build(), settings, log);
        var stop = new CancellationTokenSource();
        Task turns = Task.Run(() => reactor.RunAsync(stop.Token));
        var any = new IPEndPoint(IPAddress.Loopback, 0);
        var routes = new HttpRoutes(new HttpServices { Reactor = reactor, Settings = settings, Pool = pool });
        var ports = BoundPorts.Open([new BindAddress("127.0.0.1", scheme, null, [any], "127.0.0.1")], [any]);
        Listeners listeners = await Listeners.StartAsync(
            ports, [ListenAddress.For(ports.Comms[0], false, "tcp")], comms, settings, app => routes.Map(app, ""),
            NullLoggerFactory.Instance);
        return new TestServer(reactor, pool, comms, ports, listeners, turns, stop);
    }

    private static Opaque VersionsOf(Dialect dialect)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(1);
        w.Text("packages"u8);
        w.Map(1);
        w.Field("distributed"u8, $"{dialect.Version.Year}.{dialect.Version.Month}.{dialect.Version.Patch}");
        w.End();
        return batch.ToOpaque();
    }

    /// <summary>Asks for something that touches listener, reactor and core: the server is alive if it answers.</summary>
    internal async Task AssertAliveAsync()
    {
        using Peer peer = await Peer.ConnectAsync(Port);
        using FrameGroup answer = await peer.AskAsync("""{"op": "ncores"}""");
        Assert.True(answer.Count > 0);
        await AssertHttpAliveAsync();
    }

    internal async Task AssertHttpAliveAsync() => Assert.Equal("ok", await Get("/health"));

    internal async Task<string> Get(string path)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri($"http://127.0.0.1:{HttpPort}{path}"));
    }

    public async ValueTask DisposeAsync()
    {
        comms.CloseAll();
        await listeners.DisposeAsync();
        ports.Dispose();
        await stop.CancelAsync();
        await turns;
        await pool.DisposeAsync();
        stop.Dispose();
    }
}
