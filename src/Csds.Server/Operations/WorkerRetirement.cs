using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Lets workers go in good order (rows R31, S53): Dask's <c>retire_workers</c>.</summary>
public sealed partial class WorkerRetirement(Reactor reactor, Downscaling downscaling, ReplicaLock replicaLock, ILogger log)
{
    private static readonly string[] known =
        ["op", "reply", "close", "serializers", "workers", "names", "close_workers", "remove", "lock", "stimulus_id"];

    private const string MutuallyExclusive = "names and workers are mutually exclusive";

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("retire_workers", RetireAsync);
    }

    private async Task RetireAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        bool reentrant = await reactor.AskAsync((s, _) => !s.Options.Dialect.PackedGraphs).ConfigureAwait(false);
        if (arguments.Find("names") is not null && arguments.Find("workers") is not null)
        {
            throw new DaskException("builtins", "TypeError", MutuallyExclusive);
        }
        if (arguments.Names.FirstOrDefault(n => !known.Contains(n) && !Downscaling.Names.Contains(n)) is { } unknown)
        {
            throw new DaskException(
                "builtins", "TypeError", $"Scheduler.workers_to_close() got an unexpected keyword argument '{unknown}'");
        }
        bool named = arguments.Find("names") is not null || arguments.Find("workers") is not null;
        if (reentrant && named && Downscaling.Repr(arguments) is { } kwargs)
        {
            throw new DaskException(
                "builtins", "TypeError", $"Parameters for workers_to_close() are mutually exclusive with names and workers: {kwargs}");
        }
        using IDisposable held = await replicaLock.AcquireAsync(reentrant ? "retire-workers" : null).ConfigureAwait(false);
        byte[] stimulus = arguments.Find("stimulus_id")?.Token.ToArray()
            ?? await reactor.AskAsync((s, now) => s.NewStimulus("retire-workers", now)).ConfigureAwait(false);
        IReadOnlyList<WorkerState> workers = await SelectAsync(arguments, stimulus, reentrant).ConfigureAwait(false);
        IReadOnlyList<WorkerState> retired = workers.Count == 0
            ? []
            : await RetireAsync(workers, arguments.Bool("close_workers", false), arguments.Bool("remove", true), stimulus)
                .ConfigureAwait(false);
        await reactor.TellAsync((_, _) => Write(call.Reply, retired)).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<WorkerState>> RetireAsync(
        IReadOnlyList<WorkerState> workers, bool close, bool remove, byte[] stimulus)
    {
        Retirement retirement = await reactor.AskAsync((s, now) => Retirement.Begin(s, workers, stimulus, now)).ConfigureAwait(false);
        bool[] gone = await Task.WhenAll(retirement.Workers.Select(ws => TrackAsync(retirement, ws, close, remove)))
            .ConfigureAwait(false);
        WorkerState[] retired = [.. retirement.Workers.Where((_, i) => gone[i])];
        await reactor.TellAsync((_, now) => retirement.End(retired, now)).ConfigureAwait(false);
        return retired;
    }

    // Dask's _track_retire_worker.
    private async Task<bool> TrackAsync(Retirement retirement, WorkerState ws, bool close, bool remove)
    {
        while (true)
        {
            (bool? gone, double wait) = await reactor.AskAsync<(bool?, double)>((_, now) => retirement.IsDone(ws)
                ? (retirement.Finish(ws, close, remove, now), 0)
                : (null, Retirement.PollInterval(ws))).ConfigureAwait(false);
            if (gone is { } done)
            {
                return done;
            }
            await Task.Delay(TimeSpan.FromSeconds(wait)).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<WorkerState>> SelectAsync(Arguments arguments, byte[] stimulus, bool reentrant)
    {
        if (arguments.Texts("names") is { } names)
        {
            if (reentrant || names.Count > 0)
            {
                LogNames(log, string.Join(", ", names));
            }
            // Names come as texts from the command line.
            var wanted = names.ToHashSet();
            return await reactor.AskAsync((s, _) => s.Workers.Sorted.Where(ws => wanted.Contains(ws.Name.ToString())).ToArray())
                .ConfigureAwait(false);
        }
        if (arguments.Keys("workers") is { } addresses)
        {
            if (reentrant)
            {
                LogAddresses(log, Tokens.Text(stimulus), string.Join(", ", addresses.Select(a => a.Repr())));
            }
            return await reactor.AskAsync((s, _) => addresses
                .Select(a => s.Workers.TryGet(a.Token, out WorkerState? ws) ? ws : null).OfType<WorkerState>().ToArray())
                .ConfigureAwait(false);
        }
        return await downscaling.FindAsync(arguments).ConfigureAwait(false);
    }

    private static void Write(MessageBatch reply, IReadOnlyList<WorkerState> retired)
    {
        MessageWriter w = reply.Single();
        w.Map(retired.Count);
        foreach (WorkerState ws in retired)
        {
            w.Token(ws.AddressToken);
            WorkerIdentity.Write(ref w, ws, withMetrics: true);
        }
        w.End();
    }

    [LoggerMessage(EventId = 73, Level = LogLevel.Information, Message = "Retire worker names [{Names}]")]
    private static partial void LogNames(ILogger logger, string names);

    [LoggerMessage(EventId = 74, Level = LogLevel.Information, Message = "Retire worker addresses (stimulus_id='{Stimulus}') [{Addresses}]")]
    private static partial void LogAddresses(ILogger logger, string stimulus, string addresses);
}
