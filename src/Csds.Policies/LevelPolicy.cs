using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// List scheduling, as RSDS has it: ready tasks wait in one list, sorted by level; whenever a worker has a slot open, the
/// first of them goes to whichever such worker holds most of its input. Levels count tasks, not seconds.
/// </summary>
/// <remarks>
/// The list is Dask's queue, and a slot is open by <c>worker-saturation</c> (1.0: a worker never has more tasks than
/// threads, as in RSDS). What cannot wait there (<see cref="Rootish.MayQueue"/>), or if there is no queue, goes where Dask
/// would put it; the level still counts as its priority on the worker.
/// </remarks>
public abstract class LevelPolicy : ISchedulingPolicy
{
    private readonly DaskPolicy dask = new();
    private readonly HeldInput input = new();

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>Ranks of the tasks by level, and by <c>dask.order</c> within a level.</summary>
    public int[] Order(GraphMaterialized graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        int[] levels = Levels(graph);
        var sorting = new long[graph.Count];
        var tasks = new int[graph.Count];
        for (int task = 0; task < graph.Count; task++)
        {
            int order = graph.Order.Length == 0 ? task : graph.Order[task];
            sorting[task] = ((long)levels[task] << 32) + order;
            tasks[task] = task;
        }
        Array.Sort(sorting, tasks);
        var ranks = new int[graph.Count];
        for (int rank = 0; rank < ranks.Length; rank++)
        {
            ranks[tasks[rank]] = rank;
        }
        return ranks;
    }

    /// <inheritdoc/>
    public Placement DecideWorker(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.MayQueue(task))
        {
            // Even if a slot is open: a more urgent task may become ready by the same event. The queue is served at its end.
            return Placement.Queue;
        }
        return dask.DecideUnrunnable(state, task) is { } worker ? Placement.On(worker) : Placement.NoWorker;
    }

    /// <inheritdoc/>
    public WorkerState? DecideQueued(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(task);
        OpenSlots open = state.Workers.OpenSlots;
        input.Count(state, task, null);
        WorkerState? best = null;
        long most = 0;
        foreach ((WorkerState holder, long held) in input)
        {
            if (open.Contains(holder) && (best is null || held > most || (held == most && holder.Insertion < best.Insertion)))
            {
                (best, most) = (holder, held);
            }
        }
        return best ?? open.LeastBusy;
    }

    /// <inheritdoc/>
    public WorkerState? DecideUnrunnable(SchedulerState state, TaskState task) => dask.DecideUnrunnable(state, task);

    /// <summary>The level of each task by its number in the graph; the smallest runs first.</summary>
    protected abstract int[] Levels(GraphMaterialized graph);
}
