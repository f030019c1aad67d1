using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// <c>shuffle_barrier</c> (row S64): all input of a run is there, which its workers are told before its output is read.
/// Who cannot be reached is told again. Dask's <c>ShuffleSchedulerPlugin.barrier</c>.
/// </summary>
public sealed class ShuffleBarrier(Reactor reactor, Broadcast broadcast)
{
    /// <summary>Rounds in which no more workers are reached, before it is given up.</summary>
    private const int RoundsWithoutProgress = 3;

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Adds the operation to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("shuffle_barrier", BarrierAsync);
    }

    private async Task BarrierAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        Key id = arguments.Key("id");
        int runId = arguments.Int("run_id") ?? -1;
        if (!arguments.Bool("consistent", otherwise: true))
        {
            await RestartAsync(id, runId).ConfigureAwait(false);
            return;
        }
        ShuffleRun run = await reactor.AskAsync((s, _) => s.Coordination.Shuffles.Find(id)).ConfigureAwait(false)
            ?? throw DaskException.KeyError(id.ToString());
        CheckRun(run, runId);
        await TellInputsDoneAsync(run).ConfigureAwait(false);
    }

    private async Task RestartAsync(Key id, int runId)
    {
        ShuffleRun? run = await reactor.AskAsync((s, now) =>
        {
            ShuffleRun? active = s.Coordination.Shuffles.Find(id);
            if (active?.RunId == runId)
            {
                s.RestartInconsistentShuffle(id, now);
            }
            return active;
        }).ConfigureAwait(false);
        CheckRun(run ?? throw DaskException.KeyError(id.ToString()), runId);
    }

    private static void CheckRun(ShuffleRun run, int runId)
    {
        if (run.RunId != runId)
        {
            throw DaskException.ValueError(string.Create(CultureInfo.InvariantCulture, $"run_id={runId} does not match {run}"));
        }
    }

    private async Task TellInputsDoneAsync(ShuffleRun run)
    {
        Opaque message = InputsDone(run);
        string[] workers = await reactor.AskAsync((_, _) => run.Participants.ToArray()).ConfigureAwait(false);
        int withoutProgress = 0;
        while (workers.Length > 0)
        {
            int before = workers.Length;
            workers = await TellAsync(workers, message).ConfigureAwait(false);
            if (workers.Length == 0)
            {
                return;
            }
            await CheckStillThereAsync(run, workers).ConfigureAwait(false);
            await Task.Delay(pause).ConfigureAwait(false);
            if (workers.Length == before && ++withoutProgress >= RoundsWithoutProgress)
            {
                throw new DaskException("builtins", "RuntimeError", NoProgress(run));
            }
        }
    }

    // The workers that could not be reached.
    private async Task<string[]> TellAsync(string[] workers, Opaque message)
    {
        IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)> replies =
            await broadcast.SendAsync([.. workers.Select(w => (w, w))], message).ConfigureAwait(false);
        foreach ((_, Opaque? reply, _) in replies)
        {
            if (reply is { IsNil: false })
            {
                string exception = $"Exception({Key.FromString(ExceptionText(reply)).Repr()})";
                throw new DaskException(
                    "builtins", "RuntimeError", $"Unexpected error encountered during P2P barrier: {exception}");
            }
        }
        return [.. replies.Where(r => r.Error is not null).Select(r => r.Worker)];
    }

    private async Task CheckStillThereAsync(ShuffleRun run, string[] workers)
    {
        (bool allThere, bool archived) = await reactor.AskAsync((s, _) =>
        {
            s.LogShuffleRetry(run);
            return (workers.All(w => s.Workers.TryGet(w, out WorkerState? _)), run.ArchivedBy is not null);
        }).ConfigureAwait(false);
        if (allThere)
        {
            return;
        }
        if (!archived)
        {
            throw new DaskException(
                "distributed.shuffle._exceptions", "P2PIllegalStateError",
                "Expected shuffle to be archived if participating worker is not known by scheduler");
        }
        string names = string.Join(", ", workers.Select(w => Key.FromString(w).Repr()));
        throw new DaskException("builtins", "RuntimeError", $"Worker [{names}] left during shuffle {run}");
    }

    private static Opaque InputsDone(ShuffleRun run)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(3);
        w.Field("op"u8, "shuffle_inputs_done"u8);
        w.FieldToken("shuffle_id"u8, run.Id.Token);
        w.Field("run_id"u8, run.RunId);
        w.End();
        return request.ToOpaque();
    }

    private static string ExceptionText(Opaque reply)
    {
        var reader = new MessageReader(reply);
        if (reader.NextType == MessagePackType.Map)
        {
            for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
            {
                if (reader.ReadString() == "exception_text")
                {
                    return reader.ReadString();
                }
                reader.Skip();
            }
        }
        return "";
    }

    // Dask's text, with the blanks of its source.
    private static string NoProgress(ShuffleRun run)
    {
        const string Blanks = "\n                            ";
        return $"Broadcast not making progress for {run}.{Blanks}Aborting. This is possibly due to overloaded"
            + $"{Blanks}workers. Increasing config{Blanks}`distributed.comm.timeouts.connect` timeout may{Blanks}help.";
    }
}
