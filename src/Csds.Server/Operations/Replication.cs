using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Copies results to more workers (rows R29, S59, SR3): Dask's <c>replicate</c>.</summary>
public sealed class Replication(Reactor reactor, CommPool pool)
{
    /// <summary>Copies per holder and round.</summary>
    private const int DefaultBranchingFactor = 2;

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("replicate", ReplicateAsync);
    }

    private async Task ReplicateAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<Key> keys = arguments.Keys("keys") ?? [];
        int copies = arguments.Int("n") ?? int.MaxValue;
        if (copies == 0)
        {
            throw DaskException.ValueError("Can not use replicate to delete data");
        }
        string[]? workers = arguments.Keys("workers") is { } names
            ? await reactor.AskAsync((s, _) => names.Select(s.FindWorker).OfType<WorkerState>().Select(ws => ws.Address).ToArray()).ConfigureAwait(false)
            : null;
        if (arguments.Bool("delete", otherwise: true))
        {
            await DeleteExtraAsync(keys, copies, workers).ConfigureAwait(false);
        }
        await ReplicateAsync(keys, copies, workers, arguments.Int("branching_factor") ?? DefaultBranchingFactor).ConfigureAwait(false);
    }

    // Which replicas go is left to chance, as in Dask.
    private async Task DeleteExtraAsync(IReadOnlyList<Key> keys, int copies, string[]? workers)
    {
        Dictionary<string, List<Key>> plan = await reactor.AskAsync((s, _) =>
        {
            WorkerState[] targets = Targets(s, workers);
            var extra = new Dictionary<string, List<Key>>();
            foreach (TaskState ts in keys.Select(s.Tasks.Find).OfType<TaskState>())
            {
                WorkerState[] holders = [.. targets.Where(ws => ts.WhoHas.Contains(ws))];
                s.Shuffle(holders);
                foreach (WorkerState ws in holders.Skip(Math.Min(copies, targets.Length)))
                {
                    if (!extra.TryGetValue(ws.Address, out List<Key>? list))
                    {
                        extra[ws.Address] = list = [];
                    }
                    list.Add(ts.Key);
                }
            }
            return extra;
        }).ConfigureAwait(false);
        await Task.WhenAll(plan.Select(p => DeleteAsync(p.Key, p.Value))).ConfigureAwait(false);
    }

    // Dask's _delete_worker_data.
    private async Task DeleteAsync(string address, List<Key> keys)
    {
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
        using FrameGroup reply = await pool.CallAsync(address, request).ConfigureAwait(false);
        await reactor.TellAsync((s, now) => s.RemoveReplicas(address, keys, now)).ConfigureAwait(false);
    }

    private static WorkerState[] Targets(SchedulerState s, IReadOnlyList<string>? wanted) => wanted is null
        ? s.Workers.Running.ToArray()
        : [.. wanted.Select(a => s.Workers.TryGet(a, out WorkerState? ws) ? ws : null).OfType<WorkerState>()];

    /// <summary>Brings every key to <paramref name="copies"/> of the workers; null workers: all that run.</summary>
    /// <exception cref="DaskException">A key is nowhere.</exception>
    public async Task ReplicateAsync(
        IReadOnlyList<Key> keys, int copies, IReadOnlyList<string>? workers, int branchingFactor = DefaultBranchingFactor)
    {
        ArgumentNullException.ThrowIfNull(keys);
        while (true)
        {
            Dictionary<string, List<(Key Key, string[] Holders)>> plan = await reactor
                .AskAsync((s, _) => Plan(s, keys, copies, workers, branchingFactor)).ConfigureAwait(false);
            if (plan.Count == 0)
            {
                return;
            }
            await Task.WhenAll(plan.Select(p => CopyAsync(p.Key, p.Value))).ConfigureAwait(false);
        }
    }

    private static Dictionary<string, List<(Key Key, string[] Holders)>> Plan(
        SchedulerState s, IReadOnlyList<Key> keys, int copies, IReadOnlyList<string>? wanted, int branchingFactor)
    {
        WorkerState[] targets = Targets(s, wanted);
        int goal = Math.Min(copies, targets.Length);
        var plan = new Dictionary<string, List<(Key Key, string[] Holders)>>();
        foreach (TaskState ts in keys.Select(s.Tasks.Find).OfType<TaskState>())
        {
            WorkerState[] holders = ts.WhoHas.ToArray();
            WorkerState[] without = [.. targets.Where(ws => !ts.WhoHas.Contains(ws))];
            int missing = goal - (targets.Length - without.Length);
            int count = Math.Min(missing, branchingFactor * holders.Length);
            if (count <= 0)
            {
                continue;
            }
            s.Shuffle(without);
            foreach (WorkerState ws in without.Take(count))
            {
                if (!plan.TryGetValue(ws.Address, out List<(Key Key, string[] Holders)>? list))
                {
                    plan[ws.Address] = list = [];
                }
                list.Add((ts.Key, [.. holders.Select(h => h.Address)]));
            }
        }
        return plan;
    }

    private async Task CopyAsync(string address, List<(Key Key, string[] Holders)> keys)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "gather"u8);
        w.Text("who_has"u8);
        w.Map(keys.Count);
        foreach ((Key key, string[] holders) in keys)
        {
            w.Key(key);
            w.List(holders.Length);
            foreach (string holder in holders)
            {
                w.Text(holder);
            }
        }
        w.End();
        using FrameGroup reply = await pool.CallAsync(address, request).ConfigureAwait(false);
        var failed = new HashSet<Key>(ReadFailed(reply), KeyComparer.Instance);
        await reactor.TellAsync((s, now) => s.AddReplicas(address, keys.Select(k => k.Key).Where(k => !failed.Contains(k)), now))
            .ConfigureAwait(false);
        if (failed.Count > 0)
        {
            throw new DaskException("builtins", "RuntimeError", $"could not replicate {string.Join(", ", failed)}");
        }
    }

    private static Key[] ReadFailed(FrameGroup reply)
    {
        Key[] failed = [];
        var reader = new MessageReader(reply);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("keys"u8))
            {
                reader.Skip();
                continue;
            }
            failed = new Key[reader.ReadSequenceHeader()];
            for (int k = 0; k < failed.Length; k++)
            {
                failed[k] = reader.ReadKey();
            }
        }
        return failed;
    }
}
