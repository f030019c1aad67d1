namespace Csds.Scheduler;

/// <summary>
/// The tasks on a worker that another might take over, by level: how much longer than the run their input's transfer
/// would take (row S49). Level 0 needs no input.
/// </summary>
internal sealed class StealableTasks
{
    internal const int Levels = 15;

    private PlacedTasks<StealablePlace>[]? levels;

    internal void Add(TaskState ts, int level) => (levels ??= new PlacedTasks<StealablePlace>[Levels])[level].Add(ts);

    internal void Remove(TaskState ts, int level) => levels?[level].Remove(ts);

    internal TaskState[] At(int level) => levels is null ? [] : levels[level].ToArray();
}
