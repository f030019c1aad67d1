using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>Places tasks as Dask does (rows S30 to S34). The default.</summary>
public sealed class DaskPolicy : ISchedulingPolicy
{
    /// <summary>From this number of workers on, round robin takes the place of looking for the least busy one.</summary>
    private const int SmallCluster = 20;

    private readonly HeldInput input = new();

    /// <inheritdoc/>
    public string Name => "dask";

    /// <inheritdoc/>
    public Placement DecideWorker(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(task);
        if (!state.IsRootish(task))
        {
            return DecideNonRootish(state, task) is { } worker ? Placement.On(worker) : Placement.NoWorker;
        }
        if (!state.MayQueue(task))
        {
            return DecideWithoutQueue(state, task) is { } worker ? Placement.CoAssign(worker) : Placement.NoWorker;
        }
        return state.Workers.OpenSlots.LeastBusy is { } free ? Placement.On(free) : Placement.Queue;
    }

    /// <inheritdoc/>
    public WorkerState? DecideQueued(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Workers.OpenSlots.LeastBusy;
    }

    /// <inheritdoc/>
    public WorkerState? DecideUnrunnable(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(task);
        return DecideNonRootish(state, task);
    }

    // decide_worker_rootish_queuing_disabled: siblings go to the same worker.
    private static WorkerState? DecideWithoutQueue(SchedulerState state, TaskState task)
    {
        TaskGroup group = task.Group;
        if (group.LastWorker is { Status: WorkerStatus.Running } last && group.LastWorkerTasksLeft != 0)
        {
            return last;
        }
        RankedWorkerSet idle = state.Workers.Idle;
        return idle.Count == 0 ? Best(state, task, state.Workers.Running) : Best(state, task, idle);
    }

    // decide_worker_non_rootish
    private WorkerState? DecideNonRootish(SchedulerState state, TaskState task)
    {
        if (state.Workers.Running.IsEmpty)
        {
            return null;
        }
        bool allRunning = state.Workers.Running.Count == state.Workers.Count;
        return task.Dependencies.IsEmpty && !task.IsRestricted && allRunning
            ? DecideUnrelated(state)
            : DecideByDependencies(state, task);
    }

    // Nothing speaks for any worker in particular.
    private static WorkerState DecideUnrelated(SchedulerState state)
    {
        RankedWorkerSet idle = state.Workers.Idle;
        int count = idle.Count > 0 ? idle.Count : state.Workers.Count;
        WorkerState At(int index) => idle.Count > 0 ? idle[index] : state.Workers.Sorted[index];

        int start = (int)(state.TasksStarted % count);
        if (count >= SmallCluster)
        {
            return At(start);
        }
        WorkerState least = At(0);
        double leastOccupancy = state.Occupancy.Of(least);
        for (int i = 1; i < count; i++)
        {
            double occupancy = state.Occupancy.Of(At(i));
            if (occupancy < leastOccupancy)
            {
                (least, leastOccupancy) = (At(i), occupancy);
            }
        }
        if (leastOccupancy == 0)
        {
            // Round robin among those that have nothing to do.
            for (int i = 0; i < count; i++)
            {
                WorkerState candidate = At((i + start) % count);
                if (state.Occupancy.Of(candidate) == 0)
                {
                    return candidate;
                }
            }
        }
        return least;
    }

    // decide_worker: whoever holds a dependency, unless none of them may run the task.
    private WorkerState? DecideByDependencies(SchedulerState state, TaskState task)
    {
        IReadOnlySet<WorkerState>? allowed = state.AllowedWorkers(task);
        WorkerState? holder = task.Actor ? null : BestHolder(state, task, allowed);
        return holder ?? (allowed is null ? Best(state, task, state.Workers.Running) : Best(state, task, allowed));
    }

    private WorkerState? BestHolder(SchedulerState state, TaskState task, IReadOnlySet<WorkerState>? allowed)
    {
        input.Count(state, task, allowed);
        WorkerState? best = null;
        Objective bestObjective = default;
        foreach ((WorkerState holder, long held) in input)
        {
            Keep(holder, state.WorkerObjective(task, holder, input.Total - held), ref best, ref bestObjective);
        }
        return best;
    }

    private static WorkerState? Best(SchedulerState state, TaskState task, IEnumerable<WorkerState> candidates)
    {
        WorkerState? best = null;
        Objective bestObjective = default;
        foreach (WorkerState candidate in candidates)
        {
            Consider(state, task, candidate, ref best, ref bestObjective);
        }
        return best;
    }

    private static void Consider(
        SchedulerState state, TaskState task, WorkerState candidate, ref WorkerState? best, ref Objective bestObjective) =>
        Keep(candidate, state.WorkerObjective(task, candidate), ref best, ref bestObjective);

    private static void Keep(WorkerState candidate, Objective objective, ref WorkerState? best, ref Objective bestObjective)
    {
        if (best is null || objective < bestObjective)
        {
            best = candidate;
            bestObjective = objective;
        }
    }
}
