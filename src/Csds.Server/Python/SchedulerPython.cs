using System.Collections.Concurrent;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The scheduler's Python: a helper of its own that runs what users give to the scheduler: functions, scheduler plugins,
/// preloads. Started when it is first needed. When it dies, what waits for it fails, another one is started with the same
/// preloads and plugins, and nothing else is lost.
/// </summary>
public sealed partial class SchedulerPython(
    PythonCommand command, HelperOptions options, Func<RpcTable, ReadOnlyMemory<byte>> start, ILoggerFactory loggers) : IAsyncDisposable
{
    /// <summary>One that keeps dying is not started again before somebody asks for it.</summary>
    private const int MaxLosses = 3;

    private static readonly TimeSpan soon = TimeSpan.FromSeconds(10);

    private readonly ILogger log = loggers.CreateLogger("distributed.scheduler");
    private readonly HelperSlot slot = new(command, options, TimeProvider.System, loggers);
    private readonly SemaphoreSlim starting = new(1);
    private readonly ConcurrentDictionary<string, Opaque> plugins = new();
    private PythonSession? session;
    private int losses;
    private bool closing;

    /// <summary>What user code may ask the scheduler for.</summary>
    public RpcTable? Calls { get; set; }

    /// <summary>Whether it has to live for as long as the scheduler: there are preloads.</summary>
    public bool HasPreloads { get; init; }

    /// <summary>Takes what helpers that expand graphs need to import the same: a msgpack map.</summary>
    public Action<ReadOnlyMemory<byte>> EnvironmentHandler { get; set; } = _ => { };

    /// <summary>Called when a process is lost, with the comm that it was reported to by.</summary>
    public Action<Connection> LostHandler { get; set; } = _ => { };

    /// <summary>Asks for something; answers the reply of Dask's handler, an error included.</summary>
    /// <param name="message">The request, as a client sends it.</param>
    /// <param name="push">Takes what the handler sends before its reply.</param>
    /// <param name="gone">Signalled when nobody waits any more.</param>
    /// <exception cref="HelperException">The process could not be started, or ended.</exception>
    public async Task<Opaque> AskAsync(Opaque message, Action<Opaque>? push = null, CancellationToken gone = default)
    {
        PythonSession running = await SessionAsync().ConfigureAwait(false);
        return await running.AskAsync(message, push, gone).ConfigureAwait(false);
    }

    /// <summary>Asks for something if the process runs already, and has not to be started for it; null if not.</summary>
    /// <exception cref="HelperException">The process ended.</exception>
    public async Task<Opaque?> AskIfRunningAsync(Opaque message) => session is { Ended.IsCompleted: false } running
        ? await running.AskAsync(message, null, CancellationToken.None).ConfigureAwait(false)
        : null;

    /// <summary>Starts the process now, because there are preloads; these are set up when it is there.</summary>
    /// <exception cref="HelperException">A preload cannot be imported.</exception>
    public Task StartAsync() => SessionAsync();

    /// <summary>A plugin is registered: the next process gets it, too.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="registration">The request that registers it.</param>
    /// <param name="idempotent">One of the name that is there already stays.</param>
    public void Keep(string name, Opaque registration, bool idempotent) =>
        plugins.AddOrUpdate(name, registration, (_, former) => idempotent ? former : registration);

    /// <summary>A plugin is gone.</summary>
    public void Drop(string name) => plugins.TryRemove(name, out _);

    /// <summary>Lets plugins and preloads know that the scheduler closes; waits for them, but not forever.</summary>
    public async Task CloseAsync(TimeSpan patience)
    {
        closing = true;
        if (session is not { Ended.IsCompleted: false } running)
        {
            return;
        }
        try
        {
            using var limit = new CancellationTokenSource(patience);
            await running.AskAsync(Request("csds_closing"), null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HelperException or OperationCanceledException)
        {
            LogCloseFailed(log, error.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        closing = true;
        await slot.DisposeAsync().ConfigureAwait(false);
        starting.Dispose();
    }

    /// <summary>A request without arguments.</summary>
    internal static Opaque Request(string op)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(1);
        w.Field("op"u8, op);
        w.End();
        return batch.ToOpaque();
    }

    private async Task<PythonSession> SessionAsync()
    {
        await starting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (session is null || session.Ended.IsCompleted)
            {
                session = await BeginAsync().ConfigureAwait(false);
            }
            return session;
        }
        finally
        {
            starting.Release();
        }
    }

    private async Task<PythonSession> BeginAsync()
    {
        HelperProcess process = await slot.ReadyAsync(CancellationToken.None).ConfigureAwait(false);
        PythonSession begun = await StartSessionAsync(process).ConfigureAwait(false);
        _ = WatchAsync(begun);
        if (HasPreloads)
        {
            await begun.AskAsync(Request("csds_start_preloads"), null, CancellationToken.None).ConfigureAwait(false);
        }
        foreach ((string name, Opaque registration) in plugins)
        {
            await RegisterAgainAsync(begun, name, registration).ConfigureAwait(false);
        }
        return begun;
    }

    private async Task<PythonSession> StartSessionAsync(HelperProcess process)
    {
        try
        {
            RpcTable calls = Calls ?? throw new InvalidOperationException("there is nothing that user code could ask for");
            return await PythonSession.StartAsync(
                process, start(calls), calls, options.RequestTimeout,
                environment => EnvironmentHandler(environment), CancellationToken.None).ConfigureAwait(false);
        }
        catch (HelperException error)
        {
            process.Stop(error.Message);
            throw;
        }
    }

    // A plugin that cannot be registered once more, or ends the process, is not tried again.
    private async Task RegisterAgainAsync(PythonSession begun, string name, Opaque registration)
    {
        try
        {
            await begun.AskAsync(registration, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (HelperLostException error)
        {
            Drop(name);
            LogPluginLost(log, name, error.Message);
        }
    }

    private async Task WatchAsync(PythonSession watched)
    {
        long begun = TimeProvider.System.GetTimestamp();
        string why = await watched.Ended.ConfigureAwait(false);
        if (closing)
        {
            return;
        }
        slot.Lost(why);
        LostHandler(watched.Comm);
        losses = TimeProvider.System.GetElapsedTime(begun) < soon ? losses + 1 : 0;
        if (losses < MaxLosses && (HasPreloads || !plugins.IsEmpty))
        {
            try
            {
                await SessionAsync().ConfigureAwait(false);
            }
            catch (HelperException error)
            {
                LogRestartFailed(log, error.Message);
            }
        }
    }

    [LoggerMessage(EventId = 70, Level = LogLevel.Error, Message = "Plugins and preloads could not end in good order: {Reason}")]
    private static partial void LogCloseFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 71, Level = LogLevel.Error, Message = "Scheduler plugin {Name} is lost: {Reason}")]
    private static partial void LogPluginLost(ILogger logger, string name, string reason);

    [LoggerMessage(EventId = 72, Level = LogLevel.Error, Message = "The scheduler's Python could not be started again: {Reason}")]
    private static partial void LogRestartFailed(ILogger logger, string reason);
}
