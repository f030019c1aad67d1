using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Has workers copy results from each other, and drop them (rows SR3, SR4): Dask's <c>gather_on_worker</c> and
/// <c>delete_worker_data</c>. A worker that cannot be reached is no error: it may be closing.
/// </summary>
public sealed partial class WorkerData(Reactor reactor, CommPool pool, ILogger log)
{
    /// <summary>A key, and the addresses of workers that hold it.</summary>
    public readonly record struct Copy(Key Key, IReadOnlyList<string> Holders);

    /// <summary>Has a worker fetch keys; answers those that it could not get.</summary>
    public async Task<IReadOnlySet<Key>> GatherAsync(string address, IReadOnlyList<Copy> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        HashSet<Key> failed;
        try
        {
            using FrameGroup reply = await pool.CallAsync(address, GatherRequest(keys)).ConfigureAwait(false);
            failed = ReadFailed(reply);
        }
        catch (IOException error)
        {
            LogUnreachable(log, address, error.Message);
            return new HashSet<Key>(keys.Select(k => k.Key), KeyComparer.Instance);
        }
        if (failed.Count > 0)
        {
            LogNotAcquired(log, address, string.Join(", ", failed.Select(k => k.Repr())));
        }
        bool known = await reactor.AskAsync((s, now) =>
            s.AddReplicas(address, keys.Select(k => k.Key).Where(k => !failed.Contains(k)), now)).ConfigureAwait(false);
        if (!known)
        {
            LogLost(log, address);
            return new HashSet<Key>(keys.Select(k => k.Key), KeyComparer.Instance);
        }
        return failed;
    }

    /// <summary>Has a worker drop its replicas of these keys.</summary>
    public async Task DeleteAsync(string address, IReadOnlyList<Key> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(3);
        w.Field("op"u8, "free_keys"u8);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        w.Field("stimulus_id"u8, "delete-data"u8);
        w.End();
        try
        {
            using FrameGroup reply = await pool.CallAsync(address, request).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            LogUnreachable(log, address, error.Message);
            return;
        }
        await reactor.TellAsync((s, now) => s.RemoveReplicas(address, keys, now)).ConfigureAwait(false);
    }

    private static MessageBatch GatherRequest(IReadOnlyList<Copy> keys)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "gather"u8);
        w.Text("who_has"u8);
        w.Map(keys.Count);
        foreach (Copy copy in keys)
        {
            w.Key(copy.Key);
            w.List(copy.Holders.Count);
            foreach (string holder in copy.Holders)
            {
                w.Text(holder);
            }
        }
        w.End();
        return request;
    }

    private static HashSet<Key> ReadFailed(FrameGroup reply)
    {
        var failed = new HashSet<Key>(KeyComparer.Instance);
        var reader = new MessageReader(reply);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("keys"u8))
            {
                reader.Skip();
                continue;
            }
            // 2022's workers say who was thought to have them, too.
            bool map = reader.NextType == Nerdbank.MessagePack.MessagePackType.Map;
            for (int k = map ? reader.ReadMapHeader() : reader.ReadArrayHeader(); k > 0; k--)
            {
                failed.Add(reader.ReadKey());
                if (map)
                {
                    reader.Skip();
                }
            }
        }
        return failed;
    }

    [LoggerMessage(EventId = 70, Level = LogLevel.Warning, Message = "Communication with worker {Address} failed during replication: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 71, Level = LogLevel.Warning, Message = "Worker {Address} failed to acquire keys: [{Keys}]")]
    private static partial void LogNotAcquired(ILogger logger, string address, string keys);

    [LoggerMessage(EventId = 72, Level = LogLevel.Warning, Message = "Worker {Address} lost during replication")]
    private static partial void LogLost(ILogger logger, string address);
}
