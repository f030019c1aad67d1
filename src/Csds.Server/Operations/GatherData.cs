using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Brings results from workers to a client (rows R9, SR1): Dask's <c>gather</c> and <c>gather_from_workers</c>.</summary>
public sealed partial class GatherData(Reactor reactor, CommPool pool, ILogger logger)
{
    /// <summary>How long to wait when every holder is busy.</summary>
    private static readonly TimeSpan busyDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("gather", GatherAsync);
    }

    private async Task GatherAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<Key> keys = arguments.Keys("keys") ?? [];
        var found = new Dictionary<Key, Opaque>(KeyComparer.Instance);
        List<Key> failed = await FetchAsync(keys, arguments.Find("serializers"), found).ConfigureAwait(false);
        await reactor.TellAsync((s, _) => LogGather(s, keys.Count)).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.Map(2);
        if (failed.Count > 0)
        {
            LogFailed(logger, string.Join(", ", failed));
            w.Field("status"u8, "error"u8);
            w.Text("keys"u8);
            w.List(failed.Count);
            foreach (Key key in failed)
            {
                w.Key(key);
            }
        }
        else
        {
            w.Field("status"u8, "OK"u8);
            w.Text("data"u8);
            w.Map(found.Count);
            foreach ((Key key, Opaque value) in found)
            {
                w.Key(key);
                w.Value(value);
            }
        }
        w.End();
    }

    // Answers the keys that no worker could give.
    private async Task<List<Key>> FetchAsync(IReadOnlyList<Key> keys, Opaque? serializers, Dictionary<Key, Opaque> found)
    {
        var missing = new HashSet<Key>(keys, KeyComparer.Instance);
        var gone = new HashSet<string>();
        var busy = new HashSet<string>();
        var failed = new List<Key>();
        while (missing.Count > 0)
        {
            Dictionary<string, List<Key>> plan = await PlanAsync(missing, gone, busy, failed).ConfigureAwait(false);
            if (plan.Count == 0)
            {
                if (busy.Count == 0)
                {
                    break;
                }
                await Task.Delay(busyDelay).ConfigureAwait(false);
                busy.Clear();
                continue;
            }
            await Task.WhenAll(plan.Select(p => FetchFromAsync(p.Key, p.Value, serializers, missing, found, gone, busy)))
                .ConfigureAwait(false);
        }
        failed.AddRange(missing);
        return failed;
    }

    // Chooses a holder for every key; keys without any are failed.
    private Task<Dictionary<string, List<Key>>> PlanAsync(
        HashSet<Key> missing, HashSet<string> gone, HashSet<string> busy, List<Key> failed) => reactor.AskAsync((s, _) =>
    {
        var plan = new Dictionary<string, List<Key>>();
        foreach (Key key in missing.ToArray())
        {
            bool anyBusy = false;
            WorkerState? chosen = null;
            foreach (WorkerState ws in s.Tasks.Find(key)?.WhoHas ?? default)
            {
                if (gone.Contains(ws.Address))
                {
                    continue;
                }
                if (busy.Contains(ws.Address))
                {
                    anyBusy = true;
                    continue;
                }
                chosen ??= ws;
            }
            if (chosen is null)
            {
                if (!anyBusy)
                {
                    missing.Remove(key);
                    failed.Add(key);
                }
                continue;
            }
            if (!plan.TryGetValue(chosen.Address, out List<Key>? keys))
            {
                plan[chosen.Address] = keys = [];
            }
            keys.Add(key);
        }
        return plan;
    });

    private async Task FetchFromAsync(
        string address, List<Key> keys, Opaque? serializers, HashSet<Key> missing, Dictionary<Key, Opaque> found,
        HashSet<string> gone, HashSet<string> busy)
    {
        try
        {
            using FrameGroup reply = await pool.CallAsync(address, Request(keys, serializers), Acknowledgement()).ConfigureAwait(false);
            lock (found)
            {
                if (!ReadReply(reply, missing, found))
                {
                    busy.Add(address);
                }
                else
                {
                    // What the worker no longer has is looked up again; this worker is not asked a second time.
                    if (keys.Exists(missing.Contains))
                    {
                        gone.Add(address);
                    }
                }
            }
        }
        catch (IOException error)
        {
            LogUnreachable(logger, address, error.Message);
            lock (found)
            {
                gone.Add(address);
            }
        }
    }

    private static bool ReadReply(FrameGroup reply, HashSet<Key> missing, Dictionary<Key, Opaque> found)
    {
        var reader = new MessageReader(reply);
        bool ok = true;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "status":
                    ok = reader.ReadUtf8().SequenceEqual("OK"u8);
                    break;
                case "data":
                    int count = reader.ReadMapHeader();
                    for (int k = 0; k < count; k++)
                    {
                        Key key = reader.ReadKey();
                        found[key] = reader.ReadOpaque();
                        missing.Remove(key);
                    }
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return ok;
    }

    private static MessageBatch Request(List<Key> keys, Opaque? serializers)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(serializers is null ? 3 : 4);
        w.Field("op"u8, "get_data"u8);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        w.FieldToken("who"u8, Tokens.Nil);
        if (serializers is not null)
        {
            w.Field("serializers"u8, serializers);
        }
        w.End();
        return request;
    }

    // Without it the worker counts the transfer as unfinished.
    private static MessageBatch Acknowledgement()
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Text("OK"u8);
        w.End();
        return batch;
    }

    private static void LogGather(SchedulerState s, int count) => s.LogEvent(["all"], 2, (ref MessageWriter w) =>
    {
        w.Field("action"u8, "gather"u8);
        w.Field("count"u8, count);
    });

    [LoggerMessage(EventId = 40, Level = LogLevel.Error, Message = "Couldn't gather keys: {Keys}")]
    private static partial void LogFailed(ILogger logger, string keys);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Worker {Address} did not give its data: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string address, string reason);
}
