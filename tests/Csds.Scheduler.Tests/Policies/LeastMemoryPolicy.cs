using Csds.Scheduler;

namespace Csds.Policies.Example;

/// <summary>Sends each task to the worker that holds the fewest bytes, of a few that it looks at.</summary>
public sealed class LeastMemoryPolicy : ISchedulingPolicy
{
    private const int Sample = 8;

    public string Name => "least-memory";

    public Placement DecideWorker(SchedulerState state, TaskState task)
    {
        // Root-ish tasks (Dask's word for the first tasks of a large graph) wait until a worker has a slot open.
        if (state.IsRootish(task) && state.MayQueue(task))
        {
            return DecideQueued(state, task) is { } free ? Placement.On(free) : Placement.Queue;
        }
        return DecideUnrunnable(state, task) is { } worker ? Placement.On(worker) : Placement.NoWorker;
    }

    public WorkerState? DecideQueued(SchedulerState state, TaskState task) => state.Workers.OpenSlots.LeastBusy;

    public WorkerState? DecideUnrunnable(SchedulerState state, TaskState task)
    {
        // The running workers that satisfy the task's restrictions; maybe none, maybe thousands.
        IReadOnlyList<WorkerState> candidates = state.Candidates(task);
        WorkerState? best = null;
        for (int i = 0; i < Math.Min(Sample, candidates.Count); i++)
        {
            // Others each time, and the same ones whenever the same happens again.
            WorkerState candidate = candidates[(int)((state.TasksStarted + i) % candidates.Count)];
            if (best is null || candidate.NBytes < best.NBytes)
            {
                best = candidate;
            }
        }
        return best;
    }
}
