using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Moves results so that workers use about the same amount of memory (rows R28, S58): Dask's <c>rebalance</c>.</summary>
public sealed class Rebalancing(Reactor reactor, WorkerData data, ReplicaLock replicaLock)
{
    private sealed record Move(string Sender, string Recipient, Key Key);

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("rebalance", RebalanceAsync);
    }

    /// <summary>Writes the answer <c>partial-fail</c>.</summary>
    internal static void WritePartialFail(MessageBatch reply, IReadOnlyCollection<Key> keys)
    {
        MessageWriter w = reply.Single();
        w.Map(2);
        w.Field("status"u8, "partial-fail"u8);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        w.End();
    }

    /// <summary>Writes the field <c>who_has</c>.</summary>
    internal static void WriteWhoHas(ref MessageWriter w, IReadOnlyCollection<WorkerData.Copy> copies)
    {
        w.Text("who_has"u8);
        w.Map(copies.Count);
        foreach (WorkerData.Copy copy in copies)
        {
            w.Key(copy.Key);
            w.List(copy.Holders.Count);
            foreach (string holder in copy.Holders)
            {
                w.Text(holder);
            }
        }
    }

    private async Task RebalanceAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<Key>? keys = arguments.Keys("keys");
        IReadOnlyList<Key>? workers = arguments.Keys("workers");
        IReadOnlyCollection<Key> failed = [];
        if (keys is not { Count: 0 } && workers is not { Count: 0 })
        {
            failed = await reactor.AskAsync((s, _) => WithoutReplica(s, keys ?? [])).ConfigureAwait(false);
            if (failed.Count == 0)
            {
                failed = await MoveAsync(keys, workers).ConfigureAwait(false);
            }
        }
        // Without keys nobody asks which could not be moved.
        if (failed.Count > 0 && keys is not null)
        {
            WritePartialFail(call.Reply, failed);
            return;
        }
        MessageWriter w = call.Reply.Single();
        w.Map(1);
        w.Field("status"u8, "OK"u8);
        w.End();
    }

    private async Task<IReadOnlyCollection<Key>> MoveAsync(IReadOnlyList<Key>? keys, IReadOnlyList<Key>? workers)
    {
        Move[] moves = await reactor.AskAsync((s, _) => Plan(s, keys, workers)).ConfigureAwait(false);
        if (moves.Length == 0)
        {
            return [];
        }
        using IDisposable held = await replicaLock.AcquireAsync().ConfigureAwait(false);
        var recipients = moves.GroupBy(m => m.Recipient).ToDictionary(g => g.Key, Copies);
        var failed = new Dictionary<string, IReadOnlySet<Key>>();
        foreach ((string recipient, IReadOnlySet<Key> keysFailed) in await Task.WhenAll(
            recipients.Select(async r => (r.Key, await data.GatherAsync(r.Key, r.Value).ConfigureAwait(false)))).ConfigureAwait(false))
        {
            failed[recipient] = keysFailed;
        }
        var senders = moves.Where(m => !failed[m.Recipient].Contains(m.Key)).GroupBy(m => m.Sender)
            .ToDictionary(g => g.Key, g => g.Select(m => m.Key).ToArray());
        await Task.WhenAll(senders.Select(p => data.DeleteAsync(p.Key, p.Value))).ConfigureAwait(false);
        await reactor.TellAsync((s, _) => Log(s, recipients, senders, moves.Length)).ConfigureAwait(false);
        return new HashSet<Key>(failed.Values.SelectMany(f => f), KeyComparer.Instance);
    }

    private static WorkerData.Copy[] Copies(IEnumerable<Move> moves) =>
        [.. moves.GroupBy(m => m.Key, KeyComparer.Instance).Select(g => new WorkerData.Copy(g.Key, [.. g.Select(m => m.Sender)]))];

    private static Move[] Plan(SchedulerState s, IReadOnlyList<Key>? keys, IReadOnlyList<Key>? workers)
    {
        IReadOnlyList<WorkerState> selected = workers is null
            ? s.Workers.Sorted
            : [.. workers.Select(a => s.Workers.TryGet(a.Token, out WorkerState? ws) ? ws : throw DaskException.KeyError(a.ToString()))];
        if (selected.Count == 0)
        {
            return [];
        }
        HashSet<Key>? only = keys is null ? null : new HashSet<Key>(keys, KeyComparer.Instance);
        return [.. Rebalance.Plan(s, only, selected).Select(m => new Move(m.Sender.Address, m.Recipient.Address, m.Task.Key))];
    }

    private static Key[] WithoutReplica(SchedulerState s, IReadOnlyList<Key> keys) =>
        [.. keys.Where(k => s.Tasks.Find(k) is not { WhoHas.IsEmpty: false }).Distinct(KeyComparer.Instance)];

    private static void Log(
        SchedulerState s, Dictionary<string, WorkerData.Copy[]> recipients, Dictionary<string, Key[]> senders, int moved)
    {
        foreach ((string address, WorkerData.Copy[] copies) in recipients)
        {
            s.LogEvent([address], 2, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "rebalance"u8);
                WriteWhoHas(ref w, copies);
            });
        }
        s.LogEvent(["all"], 4, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "rebalance"u8);
            WriteCounts(ref w, "senders"u8, senders.Select(p => (p.Key, p.Value.Length)).ToArray());
            WriteCounts(ref w, "recipients"u8, recipients.Select(p => (p.Key, p.Value.Length)).ToArray());
            w.Field("moved_keys"u8, moved);
        });
    }

    private static void WriteCounts(ref MessageWriter w, ReadOnlySpan<byte> name, (string Address, int Count)[] counts)
    {
        w.Text(name);
        w.Map(counts.Length);
        foreach ((string address, int count) in counts)
        {
            w.Text(address);
            w.Int(count);
        }
    }
}
