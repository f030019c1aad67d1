namespace Csds.Scheduler;

/// <summary>A task's place in a level of its worker's <see cref="StealableTasks"/>.</summary>
internal readonly struct StealablePlace : ITaskPlace
{
    /// <inheritdoc/>
    public static ref int Of(TaskState ts) => ref ts.StealableSlot;
}
