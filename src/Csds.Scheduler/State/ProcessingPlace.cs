namespace Csds.Scheduler;

/// <summary>A task's place in <see cref="WorkerState.Processing"/>: one worker has it to run.</summary>
public readonly struct ProcessingPlace : ITaskPlace
{
    /// <inheritdoc/>
    public static ref int Of(TaskState ts)
    {
        ArgumentNullException.ThrowIfNull(ts);
        return ref ts.ProcessingSlot;
    }
}
