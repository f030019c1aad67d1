using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// The base of policies that only have an opinion of which of several workers is the best. Which workers there are to
/// choose from (restrictions, resources, paused workers) and which tasks wait in the queue is as with <see cref="DaskPolicy"/>.
/// </summary>
public abstract class CandidatePolicy : ISchedulingPolicy
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public Placement DecideWorker(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.IsRootish(task) && state.MayQueue(task))
        {
            return DecideQueued(state, task) is { } free ? Placement.On(free) : Placement.Queue;
        }
        return DecideUnrunnable(state, task) is { } worker ? Placement.On(worker) : Placement.NoWorker;
    }

    /// <summary>The least busy worker, unless a policy knows better: the queue is for those that have something open.</summary>
    public virtual WorkerState? DecideQueued(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Workers.OpenSlots.LeastBusy;
    }

    /// <inheritdoc/>
    public WorkerState? DecideUnrunnable(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        IReadOnlyList<WorkerState> candidates = state.Candidates(task);
        return candidates.Count == 0 ? null : Choose(state, task, candidates);
    }

    /// <summary>Chooses one of the candidates, of which there is at least one and may be thousands: never look at all.</summary>
    protected abstract WorkerState Choose(SchedulerState state, TaskState task, IReadOnlyList<WorkerState> candidates);
}
