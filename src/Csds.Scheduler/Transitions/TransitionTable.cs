namespace Csds.Scheduler;

/// <summary>Moves a task from one state to another, recommends what follows, writes the messages.</summary>
internal delegate void Transition(SchedulerState s, TaskState ts, ref TransitionContext context);

/// <summary>
/// Every change of a task's state that there is (rows S9 to S11). A pair that is not here goes through
/// <c>released</c>; nothing else writes a state.
/// </summary>
internal static class TransitionTable
{
    private static readonly Transition?[] table = Build();

    /// <summary>The transition for a pair of states; null if there is none.</summary>
    internal static Transition? Find(TaskStateName start, TaskStateName finish) => table[Index(start, finish)];

    /// <summary>All pairs, for the documents and their test.</summary>
    internal static IEnumerable<(TaskStateName Start, TaskStateName Finish)> Pairs =>
        from start in Enum.GetValues<TaskStateName>()
        from finish in Enum.GetValues<TaskStateName>()
        where Find(start, finish) is not null
        select (start, finish);

    private static Transition?[] Build()
    {
        var built = new Transition?[TaskStateNames.Count * TaskStateNames.Count];
        void Add(TaskStateName start, TaskStateName finish, Transition transition) =>
            built[Index(start, finish)] = transition;

        Add(TaskStateName.Released, TaskStateName.Waiting, FromReleased.ToWaiting);
        Add(TaskStateName.Released, TaskStateName.Forgotten, FromReleased.ToForgotten);
        Add(TaskStateName.Released, TaskStateName.Erred, FromReleased.ToErred);
        Add(TaskStateName.Waiting, TaskStateName.Released, FromWaiting.ToReleased);
        Add(TaskStateName.Waiting, TaskStateName.Processing, FromWaiting.ToProcessing);
        Add(TaskStateName.Waiting, TaskStateName.NoWorker, FromWaiting.ToNoWorker);
        Add(TaskStateName.Waiting, TaskStateName.Queued, FromWaiting.ToQueued);
        Add(TaskStateName.Waiting, TaskStateName.Memory, FromWaiting.ToMemory);
        Add(TaskStateName.Queued, TaskStateName.Released, FromQueued.ToReleased);
        Add(TaskStateName.Queued, TaskStateName.Processing, FromQueued.ToProcessing);
        Add(TaskStateName.Queued, TaskStateName.Erred, FromQueued.ToErred);
        Add(TaskStateName.NoWorker, TaskStateName.Released, FromNoWorker.ToReleased);
        Add(TaskStateName.NoWorker, TaskStateName.Processing, FromNoWorker.ToProcessing);
        Add(TaskStateName.NoWorker, TaskStateName.Erred, FromNoWorker.ToErred);
        Add(TaskStateName.Processing, TaskStateName.Released, FromProcessing.ToReleased);
        Add(TaskStateName.Processing, TaskStateName.Memory, FromProcessing.ToMemory);
        Add(TaskStateName.Processing, TaskStateName.Erred, FromProcessing.ToErred);
        Add(TaskStateName.Memory, TaskStateName.Released, FromMemory.ToReleased);
        Add(TaskStateName.Memory, TaskStateName.Forgotten, FromMemory.ToForgotten);
        Add(TaskStateName.Memory, TaskStateName.Erred, FromMemory.ToErred);
        Add(TaskStateName.Erred, TaskStateName.Released, FromErred.ToReleased);
        return built;
    }

    private static int Index(TaskStateName start, TaskStateName finish) => ((int)start * TaskStateNames.Count) + (int)finish;
}
