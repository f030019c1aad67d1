using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// One round of the active memory manager: what the policies suggest is checked against the state and against what was
/// suggested before, and sent in the end (Dask's <c>_find_recipient</c>, <c>_find_dropper</c> and
/// <c>_enact_suggestions</c>).
/// </summary>
internal sealed class MemoryRound
{
    private readonly Dictionary<TaskState, Pending> pending = [];
    private readonly List<(TaskState Task, Pending Pending)> inOrder = [];
    private readonly Func<MemoryState, long> measure;
    private readonly Dictionary<WorkerState, long> memory = [];
    private SortedSet<WorkerState>? leastUsedFirst;

    internal MemoryRound(SchedulerState s, Func<MemoryState, long> measure)
    {
        State = s;
        this.measure = measure;
    }

    internal SchedulerState State { get; }

    /// <summary>Replicas of a task that will come in this round.</summary>
    internal int PendingReplicas(TaskState ts) => pending.TryGetValue(ts, out Pending? p) ? p.Replicate.Count : 0;

    /// <summary>Replicas of a task that will go in this round.</summary>
    internal int PendingDrops(TaskState ts) => pending.TryGetValue(ts, out Pending? p) ? p.Drop.Count : 0;

    /// <summary>
    /// Suggests one more replica, on the running worker with the least memory used; answers that worker, or null if
    /// there is none.
    /// </summary>
    internal WorkerState? Replicate(TaskState ts)
    {
        Pending p = PendingOf(ts);
        if (ts.State != TaskStateName.Memory || ts.Actor)
        {
            return null;
        }
        foreach (WorkerState ws in Recipients())
        {
            if (!ts.WhoHas.Contains(ws) && !p.Replicate.Contains(ws))
            {
                p.Replicate.Add(ws);
                SetMemory(ws, MemoryOf(ws) + State.NBytesOf(ts));
                return ws;
            }
        }
        return null;
    }

    /// <summary>
    /// Suggests to drop a replica, from the worker with the most memory used, and from one that does not run rather than
    /// from one that does; answers that worker, or null if no replica may go.
    /// </summary>
    /// <param name="ts">The task.</param>
    /// <param name="only">The worker to drop it from; null: any.</param>
    internal WorkerState? Drop(TaskState ts, WorkerState? only = null)
    {
        Pending p = PendingOf(ts);
        if (ts.WhoHas.Count - p.Drop.Count < 2 || ts.Actor)
        {
            return null;
        }
        HashSet<WorkerState> busy = [.. ts.Waiters.Select(w => w.ProcessingOn).OfType<WorkerState>()];
        WorkerState? choice = null;
        int candidates = 0;
        bool anyBusy = false;
        bool allBusyStopped = true;
        foreach (WorkerState ws in ts.WhoHas)
        {
            if ((only is not null && !ReferenceEquals(ws, only)) || p.Drop.Contains(ws))
            {
                continue;
            }
            if (busy.Contains(ws))
            {
                anyBusy = true;
                allBusyStopped &= ws.Status != WorkerStatus.Running;
                continue;
            }
            candidates++;
            if (choice is null || MayGoRather(ws, choice))
            {
                choice = ws;
            }
        }
        // The last replica on a worker that runs stays while the others are on workers that are paused or retire but
        // still need them: else RetireWorker would bring it back in the next round, and so on.
        if (choice is null || (candidates == 1 && choice.Status == WorkerStatus.Running && anyBusy && allBusyStopped))
        {
            return null;
        }
        p.Drop.Add(choice);
        SetMemory(choice, Math.Max(0, MemoryOf(choice) - State.NBytesOf(ts)));
        return choice;
    }

    /// <summary>Sends what was suggested. Workers are free to refuse.</summary>
    internal void Enact()
    {
        var acquire = new List<(WorkerState Worker, List<TaskState> Tasks)>();
        var remove = new List<(WorkerState Worker, List<TaskState> Tasks)>();
        var acquireOf = new Dictionary<WorkerState, List<TaskState>>();
        var removeOf = new Dictionary<WorkerState, List<TaskState>>();
        foreach ((TaskState ts, Pending p) in inOrder)
        {
            AddTo(acquire, acquireOf, p.Replicate, ts);
            AddTo(remove, removeOf, p.Drop, ts);
        }
        byte[] stimulus = State.Stimulus("active_memory_manager");
        foreach ((WorkerState ws, List<TaskState> tasks) in acquire)
        {
            State.RequestAcquireReplicas(ws, tasks, stimulus);
        }
        foreach ((WorkerState ws, List<TaskState> tasks) in remove)
        {
            State.RequestRemoveReplicas(ws, tasks, stimulus);
        }
    }

    private static void AddTo(
        List<(WorkerState Worker, List<TaskState> Tasks)> all, Dictionary<WorkerState, List<TaskState>> byWorker,
        List<WorkerState> workers, TaskState ts)
    {
        foreach (WorkerState ws in workers)
        {
            if (!byWorker.TryGetValue(ws, out List<TaskState>? tasks))
            {
                byWorker[ws] = tasks = [];
                all.Add((ws, tasks));
            }
            tasks.Add(ts);
        }
    }

    private Pending PendingOf(TaskState ts)
    {
        if (!pending.TryGetValue(ts, out Pending? p))
        {
            pending[ts] = p = new Pending();
            inOrder.Add((ts, p));
        }
        return p;
    }

    private bool MayGoRather(WorkerState ws, WorkerState other)
    {
        bool stopped = ws.Status != WorkerStatus.Running;
        bool otherStopped = other.Status != WorkerStatus.Running;
        return stopped != otherStopped ? stopped : MemoryOf(ws) > MemoryOf(other);
    }

    // Readings are taken when they are first needed: most rounds suggest nothing.
    private long MemoryOf(WorkerState ws)
    {
        if (!memory.TryGetValue(ws, out long bytes))
        {
            memory[ws] = bytes = measure(MemoryState.Of(ws));
        }
        return bytes;
    }

    private void SetMemory(WorkerState ws, long bytes)
    {
        bool ranked = leastUsedFirst?.Remove(ws) ?? false;
        memory[ws] = bytes;
        if (ranked)
        {
            leastUsedFirst!.Add(ws);
        }
    }

    private SortedSet<WorkerState> Recipients()
    {
        if (leastUsedFirst is null)
        {
            leastUsedFirst = new SortedSet<WorkerState>(Comparer<WorkerState>.Create((a, b) =>
            {
                int byMemory = MemoryOf(a).CompareTo(MemoryOf(b));
                return byMemory != 0 ? byMemory : a.Insertion.CompareTo(b.Insertion);
            }));
            foreach (WorkerState ws in State.Workers.Running)
            {
                leastUsedFirst.Add(ws);
            }
        }
        return leastUsedFirst;
    }

    private sealed class Pending
    {
        internal List<WorkerState> Replicate { get; } = [];

        internal List<WorkerState> Drop { get; } = [];
    }
}
