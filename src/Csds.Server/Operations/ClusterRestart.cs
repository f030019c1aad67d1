using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Restarts workers by their nannies (rows R12, R13, S42, S48): Dask's <c>restart</c> and <c>restart_workers</c>.</summary>
public sealed partial class ClusterRestart(Reactor reactor, CommPool pool, ILogger log)
{
    private static readonly TimeSpan pollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>What a restart is to do.</summary>
    private sealed record Request
    {
        internal required byte[] Stimulus { get; init; }

        internal string? Client { get; init; }

        internal double Timeout { get; init; } = 30;

        /// <summary>The timeout as the caller wrote it.</summary>
        internal string TimeoutText { get; init; } = "30";

        internal bool WaitForWorkers { get; init; } = true;

        internal bool RaiseErrors { get; init; } = true;

        internal string StimulusText => Tokens.Text(Stimulus);
    }

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        reactor.RestartHandler = late => _ = RestartLateAsync(late);
        table.Add("restart", RestartAsync);
        table.Add("restart_workers", RestartWorkersAsync);
    }

    /// <summary>Has the nannies of workers that sent no heartbeats restart them.</summary>
    private async Task RestartLateAsync(RestartWorkers late)
    {
        var request = new Request { Stimulus = late.StimulusId, WaitForWorkers = false, RaiseErrors = false };
        await RestartAsync(late.Workers, request, brief: false).ConfigureAwait(false);
    }

    private async Task RestartAsync(RpcCall call)
    {
        Request request = await ReadAsync(call, "restart").ConfigureAwait(false);
        (bool brief, WorkerState[] workers) = await reactor.AskAsync((s, now) =>
        {
            s.ForgetEverything(request.Stimulus, now);
            return (s.Options.Dialect.PackedGraphs, s.Workers.Sorted.ToArray());
        }).ConfigureAwait(false);
        if (!brief)
        {
            LogAll(log, request.StimulusText);
        }
        await RestartAsync(workers, request, brief).ConfigureAwait(false);
    }

    private async Task RestartWorkersAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        Request request = await ReadAsync(call, "restart-workers").ConfigureAwait(false);
        IReadOnlyList<Key>? wanted = arguments.Keys("workers");
        WorkerState[] workers = await reactor.AskAsync((s, _) => wanted is null
            ? s.Workers.Sorted.ToArray()
            : [.. wanted.Select(a => s.Workers.TryGet(a.Token, out WorkerState? ws) ? ws : null).OfType<WorkerState>().Distinct()])
            .ConfigureAwait(false);
        if (wanted is null)
        {
            LogAll(log, request.StimulusText);
        }
        else
        {
            LogSome(log, workers.Length, Reprs(workers), request.StimulusText);
        }
        Dictionary<string, string> results = await RestartAsync(workers, request, brief: false).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.Map(results.Count);
        foreach ((string address, string result) in results)
        {
            w.Text(address);
            w.Text(result);
        }
        w.End();
    }

    private async Task<Request> ReadAsync(RpcCall call, string name)
    {
        var arguments = new Arguments(call);
        return new Request
        {
            Stimulus = arguments.Find("stimulus_id")?.Token.ToArray()
                ?? await reactor.AskAsync((s, now) => s.NewStimulus(name, now)).ConfigureAwait(false),
            Client = arguments.Text("client"),
            Timeout = arguments.Number("timeout") ?? 30,
            TimeoutText = arguments.Find("timeout") is null ? "30" : arguments.Key("timeout").ToString(),
            WaitForWorkers = arguments.Bool("wait_for_workers", otherwise: true),
            RaiseErrors = arguments.Text("on_error") is null or "raise",
        };
    }

    // Answers what became of each worker. "brief" is 2022's way to say things.
    private async Task<Dictionary<string, string>> RestartAsync(IReadOnlyList<WorkerState> workers, Request request, bool brief)
    {
        (int count, IReadOnlyList<WorkerState> nannied) = await reactor.AskAsync((s, now) =>
            (s.Workers.Count, s.BeginRestart(workers, request.Stimulus, now))).ConfigureAwait(false);
        var results = workers.Except(nannied).ToDictionary(ws => ws.Address, _ => "removed");
        double deadline = reactor.Now + request.Timeout;
        bool[] killed = await Task.WhenAll(nannied.Select(ws => KillAsync(ws, request, brief))).ConfigureAwait(false);
        foreach ((WorkerState ws, bool ok) in nannied.Zip(killed))
        {
            results[ws.Address] = ok ? "OK" : "timed out";
        }
        WorkerState[] bad = [.. nannied.Where((_, i) => !killed[i])];
        // No worker of before is left. Those whose process has ended go now, not when their streams are found to be dead.
        await reactor.TellAsync((s, now) =>
        {
            foreach (WorkerState ws in nannied)
            {
                s.RemoveWorker(ws, request.Stimulus, expected: false, close: bad.Contains(ws), now);
            }
        }).ConfigureAwait(false);
        if (bad.Length > 0)
        {
            Complain(bad, nannied.Count, request, brief);
        }
        await reactor.TellAsync((s, _) => LogEvents(s, workers, request, brief)).ConfigureAwait(false);
        if (request.WaitForWorkers)
        {
            await WaitAsync(workers.Count, count, nannied, results, deadline, request, brief).ConfigureAwait(false);
        }
        LogFinished(log, request.StimulusText);
        return results;
    }

    private void Complain(WorkerState[] bad, int nannies, Request request, bool brief)
    {
        string text = $"{bad.Length}/{nannies} nanny worker(s) did not shut down within {request.TimeoutText}s";
        if (!brief)
        {
            LogForced(log, Reprs(bad), request.TimeoutText);
            text += $": {{{Reprs(bad)}}}";
        }
        if (request.RaiseErrors)
        {
            throw DaskException.Timeout(text);
        }
    }

    private async Task WaitAsync(
        int workers, int before, IReadOnlyList<WorkerState> nannied, Dictionary<string, string> results, double deadline,
        Request request, bool brief)
    {
        // Other workers may join meanwhile: workers are interchangeable.
        int now = await reactor.AskAsync((s, _) => s.Workers.Count).ConfigureAwait(false);
        while (now < before && reactor.Now < deadline)
        {
            await Task.Delay(pollInterval).ConfigureAwait(false);
            now = await reactor.AskAsync((s, _) => s.Workers.Count).ConfigureAwait(false);
        }
        if (now >= before)
        {
            return;
        }
        string text = brief
            ? $"Waited for {before} worker(s) to reconnect after restarting, but after {request.TimeoutText}s, "
                + $"only {now} have returned. "
            : $"Waited for {workers} worker(s) to reconnect after restarting but, after {request.TimeoutText}s, "
                + $"{before - now} have not returned. ";
        text += "Consider a longer timeout, or `wait_for_workers=False`.";
        int lonely = workers - nannied.Count;
        if (lonely > 0)
        {
            text += $" The {lonely.ToString(CultureInfo.InvariantCulture)} worker(s) not using Nannies were just shut "
                + "down instead of restarted (restart is only possible with Nannies). If "
                + "your deployment system does not automatically re-launch terminated "
                + "processes, then those workers will never come back, and `Client.restart` "
                + "will always time out. Do not use `Client.restart` in that case.";
        }
        if (request.RaiseErrors)
        {
            throw DaskException.Timeout(text);
        }
        LogTimedOut(log, text, request.StimulusText);
        HashSet<string?> back = await reactor.AskAsync((s, _) => s.Workers.Sorted.Select(ws => ws.Registration.Nanny).ToHashSet())
            .ConfigureAwait(false);
        foreach (WorkerState ws in nannied.Where(ws => !back.Contains(ws.Registration.Nanny)))
        {
            results[ws.Address] = "timed out";
        }
    }

    // A nanny starts its worker again after killing it. It is not told our timeout, except in 2022.
    private async Task<bool> KillAsync(WorkerState ws, Request request, bool brief)
    {
        var message = new MessageBatch();
        MessageWriter w = message.Single();
        w.Map(brief ? 3 : 2);
        w.Field("op"u8, "kill"u8);
        if (brief)
        {
            w.Field("reason"u8, "scheduler-restart"u8);
            w.Field("timeout"u8, request.Timeout);
        }
        else
        {
            w.FieldToken("reason"u8, request.Stimulus);
        }
        w.End();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Clamp(request.Timeout, 0, 1e6)));
        try
        {
            using FrameGroup reply = await pool.CallAsync(ws.Registration.Nanny!, message, timeout.Token).ConfigureAwait(false);
            return new MessageReader(reply).TryReadNil();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            LogUnreachable(log, ws.Registration.Nanny!, error.Message);
            return false;
        }
    }

    private static void LogEvents(SchedulerState s, IReadOnlyList<WorkerState> workers, Request request, bool brief)
    {
        if (brief)
        {
            s.LogEvent([request.Client ?? "", "all"], 2, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "restart"u8);
                w.Field("client"u8, request.Client);
            });
            return;
        }
        if (request.Client is { } client)
        {
            s.LogEvent([client], 2, (ref MessageWriter w) => WriteWorkers(ref w, workers));
        }
        s.LogEvent(["all"], 3, (ref MessageWriter w) =>
        {
            WriteWorkers(ref w, workers);
            w.Field("client"u8, request.Client);
        });
    }

    private static void WriteWorkers(ref MessageWriter w, IReadOnlyList<WorkerState> workers)
    {
        w.Field("action"u8, "restart-workers"u8);
        w.Text("workers"u8);
        w.List(workers.Count);
        foreach (WorkerState ws in workers)
        {
            w.Token(ws.AddressToken);
        }
    }

    private static string Reprs(IEnumerable<WorkerState> workers) => string.Join(", ", workers.Select(ws => $"'{ws.Address}'"));

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "Nanny {Address} could not be asked to restart its worker: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 61, Level = LogLevel.Information, Message = "Restarting all workers (stimulus_id='{Stimulus}'")]
    private static partial void LogAll(ILogger logger, string stimulus);

    [LoggerMessage(EventId = 62, Level = LogLevel.Information, Message = "Restarting {Count} workers: [{Workers}] (stimulus_id='{Stimulus}'")]
    private static partial void LogSome(ILogger logger, int count, string workers, string stimulus);

    [LoggerMessage(EventId = 63, Level = LogLevel.Error, Message = "Workers [{Workers}] did not shut down within {Timeout}s; force closing")]
    private static partial void LogForced(ILogger logger, string workers, string timeout);

    [LoggerMessage(EventId = 64, Level = LogLevel.Error, Message = "{Text} (stimulus_id='{Stimulus}')")]
    private static partial void LogTimedOut(ILogger logger, string text, string stimulus);

    [LoggerMessage(EventId = 65, Level = LogLevel.Information, Message = "Workers restart finished (stimulus_id='{Stimulus}'")]
    private static partial void LogFinished(ILogger logger, string stimulus);
}
