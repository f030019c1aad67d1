using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// Any worker that may run the task, all with the same probability: the yardstick that every other policy has to beat.
/// </summary>
/// <remarks>
/// Chance is a function of the seed (<see cref="SchedulerOptions.Seed"/>), of the task and of how far the state has come: no
/// generator with a state of its own, so that the same events give the same choices.
/// </remarks>
public sealed class RandomPolicy : CandidatePolicy
{
    /// <inheritdoc/>
    public override string Name => "random";

    /// <inheritdoc/>
    public override WorkerState? DecideQueued(SchedulerState state, TaskState task)
    {
        ArgumentNullException.ThrowIfNull(state);
        OpenSlots open = state.Workers.OpenSlots;
        return open.Count == 0 ? null : open[Draw(state, task, open.Count)];
    }

    /// <inheritdoc/>
    protected override WorkerState Choose(SchedulerState state, TaskState task, IReadOnlyList<WorkerState> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        return candidates[Draw(state, task, candidates.Count)];
    }

    private static int Draw(SchedulerState state, TaskState task, int count)
    {
        ulong bits = Mix((ulong)state.Options.Seed);
        bits = Mix(bits ^ (ulong)task.Insertion);
        bits = Mix(bits ^ (ulong)state.TransitionCounter);
        return (int)Math.BigMul(bits, (ulong)count, out _);
    }

    // SplitMix64: every bit of the input counts for every bit of the output.
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
