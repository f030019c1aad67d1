using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Copies results to more workers (rows R29, S59): Dask's <c>replicate</c>.</summary>
public sealed class Replication(Reactor reactor, WorkerData data, ReplicaLock replicaLock)
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
        using IDisposable held = await replicaLock.AcquireAsync().ConfigureAwait(false);
        string[]? workers = arguments.Texts("workers") is { } names
            ? await reactor.AskAsync((s, _) => FindWorkers(s, names)).ConfigureAwait(false)
            : null;
        int goal = await reactor.AskAsync((s, _) => Math.Min(arguments.Int("n") ?? int.MaxValue, Targets(s, workers).Length))
            .ConfigureAwait(false);
        if (goal == 0)
        {
            throw DaskException.ValueError("Can not use replicate to delete data");
        }
        Key[] missing = await reactor.AskAsync((s, _) => keys.Where(k => WithoutReplica(s, k)).ToArray()).ConfigureAwait(false);
        if (missing.Length > 0)
        {
            Rebalancing.WritePartialFail(call.Reply, missing);
            return;
        }
        if (arguments.Bool("delete", otherwise: true))
        {
            await DeleteExtraAsync(keys, goal, workers).ConfigureAwait(false);
        }
        int branchingFactor = arguments.Int("branching_factor") ?? DefaultBranchingFactor;
        await CopyAsync(keys, goal, workers, branchingFactor).ConfigureAwait(false);
        await reactor.TellAsync((s, _) => LogReplicate(s, workers, keys.Count, branchingFactor)).ConfigureAwait(false);
    }

    /// <summary>Brings every key to <paramref name="copies"/> of the workers; null workers: all that run.</summary>
    public async Task ReplicateAsync(IReadOnlyList<Key> keys, int copies, IReadOnlyList<string>? workers)
    {
        ArgumentNullException.ThrowIfNull(keys);
        using IDisposable held = await replicaLock.AcquireAsync().ConfigureAwait(false);
        await CopyAsync(keys, copies, workers, DefaultBranchingFactor).ConfigureAwait(false);
    }

    private static string[] FindWorkers(SchedulerState s, IReadOnlyList<string> names)
    {
        string[] addresses = s.WorkersList(names);
        return Array.Find(addresses, a => !s.Workers.TryGet(a, out _)) is { } unknown ? throw DaskException.KeyError(unknown) : addresses;
    }

    // Dask fails on a key that it has never heard of.
    private static bool WithoutReplica(SchedulerState s, Key key) =>
        (s.Tasks.Find(key) ?? throw DaskException.KeyError(key.ToString())).WhoHas.IsEmpty;

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
                foreach (WorkerState ws in holders.Skip(copies))
                {
                    AddTo(extra, ws.Address, ts.Key);
                }
            }
            return extra;
        }).ConfigureAwait(false);
        await Task.WhenAll(plan.Select(p => data.DeleteAsync(p.Key, p.Value))).ConfigureAwait(false);
    }

    private async Task CopyAsync(IReadOnlyList<Key> keys, int copies, IReadOnlyList<string>? workers, int branchingFactor)
    {
        while (true)
        {
            Dictionary<string, List<WorkerData.Copy>> plan = await reactor
                .AskAsync((s, _) => Plan(s, keys, copies, workers, branchingFactor)).ConfigureAwait(false);
            if (plan.Count == 0)
            {
                return;
            }
            await Task.WhenAll(plan.Select(p => data.GatherAsync(p.Key, p.Value))).ConfigureAwait(false);
            await reactor.TellAsync((s, _) => LogAdded(s, plan)).ConfigureAwait(false);
        }
    }

    private static Dictionary<string, List<WorkerData.Copy>> Plan(
        SchedulerState s, IReadOnlyList<Key> keys, int copies, IReadOnlyList<string>? wanted, int branchingFactor)
    {
        WorkerState[] targets = Targets(s, wanted);
        int goal = Math.Min(copies, targets.Length);
        var plan = new Dictionary<string, List<WorkerData.Copy>>();
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
                AddTo(plan, ws.Address, new WorkerData.Copy(ts.Key, [.. holders.Select(h => h.Address)]));
            }
        }
        return plan;
    }

    // Workers that do not run take nothing.
    private static WorkerState[] Targets(SchedulerState s, IReadOnlyList<string>? wanted) => wanted is null
        ? s.Workers.Running.ToArray()
        : [.. wanted.Distinct().Select(a => s.Workers.TryGet(a, out WorkerState? ws) ? ws : null).OfType<WorkerState>()
            .Where(ws => ws.Status == WorkerStatus.Running)];

    private static void AddTo<T>(Dictionary<string, List<T>> lists, string name, T item)
    {
        if (!lists.TryGetValue(name, out List<T>? list))
        {
            lists[name] = list = [];
        }
        list.Add(item);
    }

    private static void LogAdded(SchedulerState s, Dictionary<string, List<WorkerData.Copy>> plan)
    {
        foreach ((string address, List<WorkerData.Copy> copies) in plan)
        {
            s.LogEvent([address], 2, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "replicate-add"u8);
                Rebalancing.WriteWhoHas(ref w, copies);
            });
        }
    }

    private static void LogReplicate(SchedulerState s, IReadOnlyList<string>? workers, int keys, int branchingFactor)
    {
        WorkerState[] targets = Targets(s, workers);
        s.LogEvent(["all"], 4, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "replicate"u8);
            w.Text("workers"u8);
            w.List(targets.Length);
            foreach (WorkerState ws in targets)
            {
                w.Token(ws.AddressToken);
            }
            w.Field("key-count"u8, keys);
            w.Field("branching-factor"u8, branchingFactor);
        });
    }
}
