using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// The worker with the least expected work per thread, wherever the input is: what Dask does with tasks that depend on
/// nothing, for all tasks.
/// </summary>
/// <remarks>
/// Exact among up to 20 workers. Of more it looks at 20, others each time, and at those with too little to do first:
/// durations change for all workers at once, so that no order by occupancy could be kept.
/// </remarks>
public sealed class LeastOccupancyPolicy : CandidatePolicy
{
    /// <summary>How many workers are compared.</summary>
    private const int Sample = 20;

    /// <inheritdoc/>
    public override string Name => "least-occupancy";

    /// <inheritdoc/>
    protected override WorkerState Choose(SchedulerState state, TaskState task, IReadOnlyList<WorkerState> candidates)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(candidates);
        if (ReferenceEquals(candidates, state.Workers.RunningByAddress) && state.Workers.Idle.Count > 0)
        {
            candidates = state.Workers.Idle;
        }
        int start = (int)(state.TasksStarted % candidates.Count);
        WorkerState best = candidates[start];
        double least = Load(state, best);
        for (int i = 1; i < Math.Min(Sample, candidates.Count); i++)
        {
            WorkerState candidate = candidates[(start + i) % candidates.Count];
            double load = Load(state, candidate);
            if (load < least)
            {
                (best, least) = (candidate, load);
            }
        }
        return best;
    }

    private static double Load(SchedulerState state, WorkerState worker) => state.Occupancy.Of(worker) / worker.NThreads;
}
