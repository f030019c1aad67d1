using System.Globalization;
using System.Net;
using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The composition root and the life of the process: helper, core, operations and listeners are put together here,
/// started, and closed again in good order.
/// </summary>
public sealed partial class SchedulerHost(SchedulerArguments arguments, ILoggerFactory loggers) : IAsyncDisposable
{
    private static readonly TimeSpan tick = TimeSpan.FromMilliseconds(100);

    private readonly ILogger log = loggers.CreateLogger("distributed.scheduler");
    private readonly TaskCompletionSource<string> closeRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopReactor = new();
    private readonly StreamDirectory streams = new();
    private readonly ServerSettings settings = new() { Started = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds };

    /// <summary>Runs the scheduler until it is asked to close; answers the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken interrupted)
    {
        ListenAddress listen = ListenAddress.For(arguments);
        await using HelperPool helper = await HelperPool.StartAsync(arguments.Python, loggers, interrupted).ConfigureAwait(false);
        HelperConfiguration python = await helper.ConfigureAsync().ConfigureAwait(false);
        Dialect dialect = Dialect.For(python.Distributed);
        SchedulerOptions options = OptionsFromConfiguration.Read(new Configuration(python.Config), arguments, dialect);
        var state = new SchedulerState(options, new DaskPolicy(), settings.Started);
        var reactor = new Reactor(state, streams, TimeProvider.System, loggers.CreateLogger<Reactor>(), log);
        await using var pool = new CommPool(settings, loggers);
        reactor.EffectHandler = effect => Perform(effect, pool);
        var plugins = new PluginStore();
        foreach ((string name, byte[] pickle) in python.WorkerPlugins)
        {
            plugins.SetWorkerPlugin(name, pickle);
        }
        var operations = new OperationSet
        {
            Reactor = reactor,
            Streams = streams,
            Pool = pool,
            Plugins = plugins,
            Dialect = dialect,
            Expander = new GraphExpander(dialect, helper.ExpandAsync),
            Settings = settings,
            Versions = python.Versions,
            Close = reason => closeRequested.TrySetResult(reason),
            Log = log,
        };
        var comms = new CommServer(operations.Build(), settings, loggers.CreateLogger<CommServer>());
        Task turns = Task.Run(() => reactor.RunAsync(stopReactor.Token), CancellationToken.None);

        await using Listeners listeners = await ListenAsync(listen, comms, reactor).ConfigureAwait(false);
        Announce();
        await WriteFilesAsync(reactor).ConfigureAwait(false);
        using (Timer ticks = new(_ => _ = reactor.TellAsync((s, now) => s.Tick(now)), null, tick, tick))
        await using (interrupted.Register(() => closeRequested.TrySetResult("signal")))
        {
            string reason = await closeRequested.Task.ConfigureAwait(false);
            LogClosing(log, reason);
        }
        // W51: workers are told, clients' streams end, and nothing half-open holds the process up.
        await reactor.TellAsync((s, now) => s.CloseAllStreams(now)).ConfigureAwait(false);
        comms.CloseAll();
        await listeners.DisposeAsync().ConfigureAwait(false);
        await stopReactor.CancelAsync().ConfigureAwait(false);
        await turns.ConfigureAwait(false);
        DeleteFiles();
        LogEnd(log, settings.Address);
        return 0;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        stopReactor.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Perform(Effect effect, CommPool pool)
    {
        switch (effect)
        {
            case CloseScheduler close:
                closeRequested.TrySetResult(close.Reason);
                break;
            case WorkerTimedOut { Nanny: { } nanny }:
                _ = NannyRestart.KillAsync(pool, nanny, log);
                break;
        }
    }

    // An HTTP port that is taken is no reason not to start; a comm port is.
    private async Task<Listeners> ListenAsync(ListenAddress listen, CommServer comms, Reactor reactor)
    {
        var routes = new HttpRoutes(reactor);
        IReadOnlyList<IPEndPoint> http = ListenAddress.ForHttp(arguments.DashboardAddress);
        bool taken = !Listeners.AreFree(http);
        Listeners listeners = await Listeners.OpenAsync(
            listen.Endpoints, taken ? ListenAddress.ForHttp(":0") : http, comms,
            app => routes.Map(app, arguments.DashboardPrefix), loggers).ConfigureAwait(false);
        if (taken)
        {
            LogPortInUse(log, http[0].Port, listeners.HttpPort);
        }
        settings.Address = new CommAddress("tcp", listen.ContactHost, listeners.CommPort).ToString();
        settings.Services["dashboard"] = listeners.HttpPort;
        return listeners;
    }

    private void Announce()
    {
        string host = CommAddress.HostOf(settings.Address);
        string dashboard = string.Create(CultureInfo.InvariantCulture, $"http://{host}:{settings.Services["dashboard"]}/status");
        LogLine(log, new string('-', 47));
        LogLine(log, $"  Scheduler at: {settings.Address,25}");
        LogLine(log, $"  dashboard at:  {dashboard,24}");
    }

    private async Task WriteFilesAsync(Reactor reactor)
    {
        if (arguments.PidFile is { } pidFile)
        {
            await File.WriteAllTextAsync(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        }
        if (arguments.SchedulerFile is { } schedulerFile)
        {
            byte[] json = await reactor.AskAsync((s, _) => SchedulerFile.Write(s, settings)).ConfigureAwait(false);
            // Whoever polls for the file finds all of it or nothing.
            string partial = schedulerFile + ".partial";
            await File.WriteAllBytesAsync(partial, json).ConfigureAwait(false);
            File.Move(partial, schedulerFile, overwrite: true);
        }
    }

    private void DeleteFiles()
    {
        foreach (string? file in (string?[])[arguments.PidFile, arguments.SchedulerFile])
        {
            if (file is not null)
            {
                File.Delete(file);
            }
        }
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Information, Message = "{Text}")]
    private static partial void LogLine(ILogger logger, string text);

    [LoggerMessage(EventId = 51, Level = LogLevel.Warning, Message =
        "Port {Wanted} is already in use.\nPerhaps you already have a cluster running?\nHosting the HTTP server on port {Port} instead")]
    private static partial void LogPortInUse(ILogger logger, int wanted, int port);

    [LoggerMessage(EventId = 52, Level = LogLevel.Information, Message = "Scheduler closing due to {Reason}...")]
    private static partial void LogClosing(ILogger logger, string reason);

    [LoggerMessage(EventId = 53, Level = LogLevel.Information, Message = "End scheduler at '{Address}'")]
    private static partial void LogEnd(ILogger logger, string address);
}
