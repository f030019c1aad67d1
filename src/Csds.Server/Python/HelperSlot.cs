using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The place of one helper: starts it, and another one when it is gone. Pauses grow while helpers cannot be started;
/// one that died of a graph is replaced at once.
/// </summary>
internal sealed partial class HelperSlot(
    PythonCommand python, HelperOptions options, TimeProvider clock, ILoggerFactory loggers) : IAsyncDisposable
{
    private static readonly TimeSpan firstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan longestPause = TimeSpan.FromSeconds(30);

    private readonly ILogger logger = loggers.CreateLogger("csds.helper");
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closed = new();
    private Task<HelperProcess>? current;
    private HelperConfiguration? configuration;
    private int failedStarts;
    private bool isClosed;

    /// <summary>What the helper of this place has said about its Dask; null before one was started.</summary>
    internal HelperConfiguration? Configuration => configuration;

    /// <summary>A helper that is ready for a request, started if need be.</summary>
    /// <exception cref="HelperException">None can be started.</exception>
    internal async Task<HelperProcess> ReadyAsync(CancellationToken cancel)
    {
        Task<HelperProcess> starting;
        lock (gate)
        {
            if (isClosed)
            {
                throw new HelperException("The scheduler is closing.");
            }
            if (current is null || current.IsFaulted || current.IsCanceled)
            {
                current = StartAsync(Pause());
            }
            else if (current.IsCompletedSuccessfully && !current.Result.IsAlive)
            {
                _ = current.Result.DisposeAsync().AsTask();
                current = StartAsync(Pause());
            }
            starting = current;
        }
        return await starting.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Notes that the helper is gone, and starts another one without waiting for the next request.</summary>
    internal void Lost(string why)
    {
        LogLost(logger, why);
        _ = RestartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }
            isClosed = true;
        }
        await closed.CancelAsync().ConfigureAwait(false);
        if (current is { } last)
        {
            await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (last.IsCompletedSuccessfully)
            {
                await last.Result.DisposeAsync().ConfigureAwait(false);
            }
        }
        closed.Dispose();
    }

    private async Task RestartAsync()
    {
        try
        {
            await ReadyAsync(closed.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HelperException or OperationCanceledException)
        {
            // Whoever asks next tries again, and hears about it.
        }
    }

    private TimeSpan Pause() => failedStarts == 0
        ? TimeSpan.Zero
        : TimeSpan.FromTicks(Math.Min(longestPause.Ticks, firstPause.Ticks << Math.Min(failedStarts - 1, 16)));

    private async Task<HelperProcess> StartAsync(TimeSpan pause)
    {
        // Not within the lock.
        await Task.Yield();
        try
        {
            await Task.Delay(pause, clock, closed.Token).ConfigureAwait(false);
            HelperProcess helper = await HelperProcess.StartAsync(python, options, logger, closed.Token)
                .ConfigureAwait(false);
            await ConfigureAsync(helper).ConfigureAwait(false);
            failedStarts = 0;
            LogStarted(logger, helper.Id, python, configuration!.Distributed);
            return helper;
        }
        catch (HelperException)
        {
            failedStarts++;
            throw;
        }
    }

    // Also has the helper import Dask before the first graph needs it.
    private async Task ConfigureAsync(HelperProcess helper)
    {
        try
        {
            var request = new HelperRequest("configure", "importing Dask", options.StartTimeout);
            await helper.AskAsync(request, Take, closed.Token).ConfigureAwait(false);
        }
        catch
        {
            await helper.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private bool Take(HelperAnswer answer)
    {
        configuration = answer.Op == "configured"
            ? HelperConfiguration.Read(answer)
            : throw new HelperException($"Dask cannot be imported in {python}: {HelperFailure.Text(answer)}");
        return true;
    }

    [LoggerMessage(
        EventId = 62,
        Level = LogLevel.Debug,
        Message = "Helper process {ProcessId} is ready: {Python}, distributed {Version}")]
    private static partial void LogStarted(ILogger logger, int processId, PythonCommand python, DaskVersion version);

    [LoggerMessage(EventId = 63, Level = LogLevel.Warning, Message = "{Why}; another one is started")]
    private static partial void LogLost(ILogger logger, string why);
}
