using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>One worker after the other, by address, whatever it has to do or holds.</summary>
public sealed class RoundRobinPolicy : CandidatePolicy
{
    /// <inheritdoc/>
    public override string Name => "round-robin";

    /// <inheritdoc/>
    protected override WorkerState Choose(SchedulerState state, TaskState task, IReadOnlyList<WorkerState> candidates)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(candidates);
        return candidates[(int)(state.TasksStarted % candidates.Count)];
    }
}
