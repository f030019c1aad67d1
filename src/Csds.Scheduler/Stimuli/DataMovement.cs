using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What operations that move data between workers read and report.</summary>
public static class DataMovement
{
    /// <summary>Dask's <c>coerce_address</c>: the address that a worker's name or address stands for; null if it is neither.</summary>
    public static string? CoerceAddress(this SchedulerState s, Key nameOrAddress)
    {
        ArgumentNullException.ThrowIfNull(s);
        return GraphAnnotations.AddressOf(s, nameOrAddress);
    }

    /// <summary>A worker by name or address, as <c>coerce_address</c> finds it; null if there is none.</summary>
    public static WorkerState? FindWorker(this SchedulerState s, Key nameOrAddress)
    {
        return s.CoerceAddress(nameOrAddress) is { } address && s.Workers.TryGet(address, out WorkerState? ws) ? ws : null;
    }

    /// <summary>Dask's <c>workers_list</c>: addresses, and those of all workers that have one of the other texts in theirs.</summary>
    public static string[] WorkersList(this SchedulerState s, IEnumerable<string> addressesOrHosts)
    {
        ArgumentNullException.ThrowIfNull(s);
        return
        [
            .. addressesOrHosts.SelectMany(text => text.Contains(':', StringComparison.Ordinal)
                ? [text]
                : s.Workers.Sorted.Select(ws => ws.Address).Where(a => a.Contains(text, StringComparison.Ordinal))).Distinct(),
        ];
    }

    /// <summary>A worker was told to fetch these keys, and has done so; false if it is gone.</summary>
    public static bool AddReplicas(this SchedulerState s, string address, IEnumerable<Key> keys, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        s.Now = now;
        bool known = s.Workers.TryGet(address, out WorkerState? ws);
        if (known)
        {
            s.AddKeys(ws!, keys, s.Stimulus("redundant-replicas"));
        }
        s.CheckInvariants();
        return known;
    }

    /// <summary>A worker was told to drop these replicas, and has done so; a key without any is computed again.</summary>
    public static void RemoveReplicas(this SchedulerState s, string address, IEnumerable<Key> keys, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        s.Now = now;
        if (!s.Workers.TryGet(address, out WorkerState? ws))
        {
            return;
        }
        foreach (TaskState ts in keys.Select(s.Tasks.Find).OfType<TaskState>())
        {
            s.RemoveReplica(ts, ws);
            if (ts.State == TaskStateName.Memory && ts.WhoHas.IsEmpty)
            {
                s.Recommendations.Add(ts, TaskStateName.Released);
            }
        }
        byte[] stimulus = s.Stimulus("delete-data");
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
        s.CheckInvariants();
    }

    /// <summary>A stimulus id as Dask makes them, <c>name-time</c>, as a token.</summary>
    public static byte[] NewStimulus(this SchedulerState s, string name, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        return s.Stimulus(name);
    }

    /// <summary>Puts items into a random order, which the seed determines.</summary>
    public static void Shuffle<T>(this SchedulerState s, T[] items)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Random.Shuffle(items);
    }
}
