using System.Globalization;
using System.Runtime.InteropServices;
using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The composition root and the life of the process: helper, core, operations and listeners are put together here,
/// started, and closed again in good order.
/// </summary>
public sealed partial class SchedulerHost(SchedulerArguments arguments, ILoggerFactory loggers, LogLevels levels) : IAsyncDisposable
{
    private const string Rule = "-----------------------------------------------";

    /// <summary>How long plugins and preloads may take to end.</summary>
    private static readonly TimeSpan userCodePatience = TimeSpan.FromSeconds(30);

    /// <summary>How long connections wait for preloads.</summary>
    private static readonly TimeSpan preloadPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan tick = TimeSpan.FromMilliseconds(100);

    private readonly ILogger log = loggers.CreateLogger("distributed.scheduler");
    private readonly TaskCompletionSource<string> closeRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopReactor = new();
    private readonly StreamDirectory streams = new();
    private ServerSettings settings = new();
    private CommAddress[] contacts = [];
    private int httpPort;

    /// <summary>Runs the scheduler until it is asked to close; answers the exit code.</summary>
    /// <param name="interrupted">Ends when a signal asks the scheduler to close.</param>
    public async Task<int> RunAsync(Task<PosixSignal> interrupted)
    {
        ArgumentNullException.ThrowIfNull(interrupted);
        LogLine(log, Rule);
        // The process exists from here on, whatever becomes of it.
        using var files = new ProcessFiles(arguments);
        using BoundPorts ports = BoundPorts.Open(BindAddress.ForComms(arguments), BindAddress.ForHttp(arguments.DashboardAddress));
        await using HelperPool helper = await StartHelperAsync(interrupted).ConfigureAwait(false);
        HelperConfiguration python = await helper.ConfigureAsync().ConfigureAwait(false);
        Dialect dialect = new Dialect(python.Distributed);
        var config = new Configuration(python.Config);
        levels.Configure(config);
        settings = ServerSettings.Read(config, arguments, python.TlsCiphers);
        SchedulerOptions options = OptionsFromConfiguration.Read(config, arguments, dialect);
        IReadOnlyList<ListenAddress> listen =
            [.. ports.Comms.Select(c => ListenAddress.For(c, settings.RequireEncryption, settings.DefaultScheme))];
        var state = new SchedulerState(options, OptionsFromConfiguration.ReadPolicy(config, arguments), settings.Started);
        LogLine(log, "State start");
        if (state.Policy.Name != PolicyTable.Default)
        {
            LogLine(log, $"Scheduling policy: {state.Policy.Name}");
        }
        var reactor = new Reactor(state, streams, TimeProvider.System, loggers.CreateLogger("distributed.core"), log)
        {
            LoggerOf = loggers.CreateLogger,
        };
        await using var pool = new CommPool(settings, loggers);
        reactor.EffectHandler = Perform;
        RecentLog recentLog = KeepLog(config);
        await using SchedulerPython userPython = UserPython(config, helper, reactor);
        var operations = new OperationSet
        {
            Reactor = reactor,
            Streams = streams,
            Pool = pool,
            Plugins = Plugins(python),
            Python = userPython,
            PickleAllowed = PickleAllowed(config, dialect),
            Dialect = dialect,
            Expander = new GraphExpander(dialect, helper.ExpandAsync),
            Settings = settings,
            Versions = python.Versions,
            RecentLog = recentLog,
            WriteDump = helper.WriteDumpAsync,
            Close = reason => closeRequested.TrySetResult(reason),
            Log = log,
        };
        RpcTable table = operations.Build();
        var comms = new CommServer(table, settings, loggers.CreateLogger("distributed.core"));
        Task turns = Task.Run(() => reactor.RunAsync(stopReactor.Token), CancellationToken.None);

        HttpServices http = Http(config, reactor, recentLog, pool, table);
        await using Listeners listeners = await ListenAsync(ports, listen, comms, http).ConfigureAwait(false);
        Announce(dialect);
        await PreloadAsync(userPython, comms).ConfigureAwait(false);
        await files.WriteAddressAsync(await reactor.AskAsync((s, _) => SchedulerFile.Write(s, settings)).ConfigureAwait(false))
            .ConfigureAwait(false);
        FreshPages.Touch();
        var idle = new IdleCollection();
        await using (Timer ticks = new(_ => _ = TickAsync(reactor, idle), null, tick, tick))
        {
            LogClosing(log, await EndAsync(interrupted).ConfigureAwait(false), dialect);
        }
        await userPython.CloseAsync(userCodePatience).ConfigureAwait(false);
        await CloseAsync(reactor, comms, listeners).ConfigureAwait(false);
        await stopReactor.CancelAsync().ConfigureAwait(false);
        await turns.ConfigureAwait(false);
        LogStopped(log, settings.Address);
        LogLine(log, "End scheduler");
        return 0;
    }

    private static Task TickAsync(Reactor reactor, IdleCollection idle) => reactor.TellAsync((s, now) =>
    {
        s.Tick(now);
        idle.Look(isIdle: s.ProcessingCount == 0 && s.ActiveGraphUpdates == 0);
    });

    // W51: workers are told, clients' streams end, and nothing half-open holds the process up.
    private async Task CloseAsync(Reactor reactor, CommServer comms, Listeners listeners)
    {
        LogLine(log, "Scheduler closing all comms");
        await reactor.TellAsync((s, now) => s.CloseAllStreams(now)).ConfigureAwait(false);
        comms.CloseAll();
        await listeners.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        stopReactor.Dispose();
        return ValueTask.CompletedTask;
    }

    private HttpServices Http(
        Configuration config, Reactor reactor, RecentLog recentLog, CommPool pool, RpcTable operations) => new()
    {
        Reactor = reactor,
        Settings = settings,
        RecentLog = recentLog,
        Pool = pool,
        Operations = operations,
        Dashboard = arguments.Dashboard,
        Routes = config.Find("distributed.scheduler.http.routes") is null
            ? HttpServices.DefaultRoutes : config.List("distributed.scheduler.http.routes"),
    };

    private static PluginStore Plugins(HelperConfiguration python)
    {
        var plugins = new PluginStore();
        foreach ((string name, byte[] pickle) in python.WorkerPlugins)
        {
            plugins.SetWorkerPlugin(name, pickle);
        }
        return plugins;
    }

    private RecentLog KeepLog(Configuration config)
    {
        var recent = new RecentLog(TimeProvider.System)
        {
            Length = (int)config.Number("distributed.admin.log-length", 10_000),
            Format = config.Text("distributed.admin.log-format") is { } format ? new LogFormat(format) : LogFormat.Default,
        };
        loggers.AddProvider(recent);
        return recent;
    }

    private SchedulerPython UserPython(Configuration config, HelperPool helper, Reactor reactor) =>
        new(helper.Python, new HelperOptions(), calls => PythonStart.Write(settings, arguments, calls), loggers)
        {
            HasPreloads = arguments.Preload.Count > 0 || config.Texts("distributed.scheduler.preload").Count > 0,
            EnvironmentHandler = helper.Share,
            LostHandler = comm =>
            {
                streams.Remove(comm);
                _ = reactor.TellAsync((s, _) => s.ReportToPlugins(0, PluginHooks.None));
            },
        };

    // Nobody is served before preloads are set up, unless one takes its time: it may itself wait for somebody.
    private static async Task PreloadAsync(SchedulerPython userPython, CommServer comms)
    {
        if (userPython.HasPreloads)
        {
            Task setUp = userPython.StartAsync();
            comms.Ready = Task.WhenAny(setUp, Task.Delay(preloadPatience));
            await setUp.ConfigureAwait(false);
        }
    }

    private static bool PickleAllowed(Configuration config, Dialect dialect)
    {
        const string Name = "distributed.scheduler.pickle";
        bool allowed = config.Bool(Name, otherwise: true);
        return allowed || dialect.PickleMayBeDisallowed
            ? allowed
            : throw new FormatException(
                $"Pickling can no longer be disabled with the `{Name}` option. Please remove this configuration to start the scheduler.");
    }

    private void Perform(Effect effect)
    {
        switch (effect)
        {
            case CloseScheduler close:
                closeRequested.TrySetResult(close.Reason);
                break;
        }
    }

    // A signal while the helper starts ends the process at once: there is nothing yet to close.
    private async Task<HelperPool> StartHelperAsync(Task<PosixSignal> interrupted)
    {
        using var cancel = new CancellationTokenSource();
        _ = interrupted.ContinueWith(_ => cancel.Cancel(), cancel.Token, TaskContinuationOptions.None, TaskScheduler.Default);
        return await HelperPool.StartAsync(arguments.Python, loggers, cancel.Token).ConfigureAwait(false);
    }

    // Waits for the first reason to close.
    private async Task<string> EndAsync(Task<PosixSignal> interrupted)
    {
        if (await Task.WhenAny(closeRequested.Task, interrupted).ConfigureAwait(false) == closeRequested.Task)
        {
            return await closeRequested.Task.ConfigureAwait(false);
        }
        PosixSignal signal = await interrupted.ConfigureAwait(false);
        int number = signal == PosixSignal.SIGINT ? 2 : 15;
        LogSignal(loggers.CreateLogger("distributed._signals"), signal, number);
        return string.Create(CultureInfo.InvariantCulture, $"signal-{number}");
    }

    // An HTTP port that is taken is no reason not to start; a comm port is.
    private async Task<Listeners> ListenAsync(
        BoundPorts ports, IReadOnlyList<ListenAddress> listen, CommServer comms, HttpServices services)
    {
        if (listen.Any(l => l.Encrypted) && settings.Tls is null)
        {
            throw new FormatException(TlsContext.Missing);
        }
        if (listen.Any(l => !l.WebSockets && l.Endpoints.Intersect(ports.Http).Any()))
        {
            ports.MoveHttp();
        }
        httpPort = ports.Http[0].Port;
        if (ports.HttpPortInUse is { } taken)
        {
            LogPortInUse(log, taken, httpPort);
        }
        contacts = [.. listen.Select(l => new CommAddress(l.Scheme, l.ContactHost, l.Endpoints[0].Port))];
        settings.Address = contacts[0].ToString();
        settings.Services["dashboard"] = httpPort;
        var routes = new HttpRoutes(services);
        return await Listeners.StartAsync(
            ports, listen, comms, settings, app => routes.Map(app, arguments.DashboardPrefix), loggers).ConfigureAwait(false);
    }

    private void Announce(Dialect dialect)
    {
        LogLine(log, Rule);
        foreach (CommAddress contact in contacts)
        {
            LogLine(log, $"  Scheduler at: {contact,25}");
        }
        string link = DashboardLink.Format(
            settings.DashboardLink, settings.HttpCertificate is not null, contacts[^1].Host, httpPort, out string? unknown);
        if (unknown is not null)
        {
            LogLink(log, unknown);
        }
        LogLine(log, dialect.PackedGraphs ? $"  dashboard at: {$"{contacts[^1].Host}:{httpPort}",25}" : $"  dashboard at:  {link,25}");
    }

    private static void LogClosing(ILogger log, string reason, Dialect dialect) =>
        LogLine(log, dialect.RunIds ? $"Closing scheduler. Reason: {reason}" : "Scheduler closing...");

    [LoggerMessage(EventId = 50, Level = LogLevel.Information, Message = "{Text}")]
    private static partial void LogLine(ILogger logger, string text);

    [LoggerMessage(EventId = 51, Level = LogLevel.Warning, Message =
        "Port {Wanted} is already in use.\nPerhaps you already have a cluster running?\nHosting the HTTP server on port {Port} instead")]
    private static partial void LogPortInUse(ILogger logger, int wanted, int port);

    [LoggerMessage(EventId = 52, Level = LogLevel.Information, Message = "Received signal {Signal} ({Number})")]
    private static partial void LogSignal(ILogger logger, PosixSignal signal, int number);

    [LoggerMessage(EventId = 53, Level = LogLevel.Information, Message = "Stopped scheduler at '{Address}'")]
    private static partial void LogStopped(ILogger logger, string address);

    [LoggerMessage(EventId = 54, Level = LogLevel.Warning, Message = "Failed to format dashboard link, unknown value: '{Name}'")]
    private static partial void LogLink(ILogger logger, string name);
}
