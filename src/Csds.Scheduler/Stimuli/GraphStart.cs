namespace Csds.Scheduler;

/// <summary>
/// Starts the tasks of a graph (rows S79, S80), a part of them at a time. It does what running all recommendations to the fixed
/// point would do, in the same order, but puts off what is dispatched until every task has been waited for: results
/// that come in between two steps are then known to be needed.
/// </summary>
internal sealed class GraphStart(SchedulerState s, byte[] stimulus, ArrivalPart part)
{
    /// <summary>So many tasks are dispatched, about, before what has been written to workers is sent at the latest: 0.1 s.</summary>
    private const int MostHeld = 32 * 1024;

    // Tasks that are to go from released to waiting, the next one last: numbers of those that were asked for, and what they have
    // pulled, which comes first. A list of a million tasks would be looked through by each garbage collection.
    private readonly List<int> wanted = [];
    private readonly List<TaskState> needed = [];
    private GraphMerge? merge;

    // Tasks that wait for nothing, the next one first.
    private readonly List<TaskState> ready = [];
    private readonly List<(TaskState Task, TaskStateName State)> recommended = [];

    /// <summary>Whether workers are being given their first tasks, and get more in the next part.</summary>
    internal bool IsFillingSlots { get; private set; }

    /// <summary>
    /// What depends on something that has failed, fails. A result that is there stays there, whatever has happened to what it
    /// was computed from.
    /// </summary>
    internal IEnumerable<PartEnd> Fail(GraphMerge merge)
    {
        if (merge.IsAllNew)
        {
            yield break; // Nothing of it has run.
        }
        for (int i = merge.Touched.Count - 1; i >= 0; i--)
        {
            TaskState ts = merge.StateOf(merge.Touched[i])!;
            if (ts.State is not (TaskStateName.Memory or TaskStateName.Forgotten) && Blame(ts) is { } blame)
            {
                ts.EnsureDetails().ExceptionBlame = blame;
                s.RunTransitions(ts, TaskStateName.Erred, stimulus);
            }
            if (part.IsFull())
            {
                yield return default;
            }
        }
    }

    /// <summary>
    /// What was asked for waits, the most urgent first, and pulls what it depends on. Before 2025.4 Dask starts everything that
    /// can run at once, in the same order for graphs that it has ordered itself.
    /// </summary>
    internal IEnumerable<PartEnd> Await(GraphMerge merge)
    {
        this.merge = merge;
        bool sorted = true;
        foreach (int number in merge.Requested)
        {
            if (merge.StateOf(number) is { State: TaskStateName.Released, AwaitsTurn: false } ts)
            {
                sorted &= wanted.Count == 0 || Propagation.LastRunsFirst(merge.StateOf(wanted[^1])!, ts) <= 0;
                ts.AwaitsTurn = true;
                wanted.Add(number);
            }
            if (part.IsFull())
            {
                yield return default;
            }
        }
        if (!sorted)
        {
            wanted.Sort((a, b) => Propagation.LastRunsFirst(merge.StateOf(a)!, merge.StateOf(b)!));
        }
        while (TryPop() is { } ts)
        {
            ts.AwaitsTurn = false;
            if (ts.State == TaskStateName.Released)
            {
                Await(ts);
            }
            if (part.IsFull())
            {
                yield return default;
            }
        }
    }

    /// <summary>Sends what is ready to workers, to the queue or to no-worker.</summary>
    internal IEnumerable<PartEnd> Dispatch()
    {
        long open = s.Workers.OpenSlots.Slots;
        int held = 0, inPart = 0;
        foreach (TaskState ts in ready)
        {
            inPart++;
            ts.AwaitsTurn = false;
            if (ts.State == TaskStateName.Waiting && ts.WaitingOn.IsEmpty)
            {
                s.RunTransitions(ts, TaskStateName.Processing, stimulus);
            }
            if (part.IsFull())
            {
                long filled = open - s.Workers.OpenSlots.Slots;
                held = held < MostHeld ? held + inPart : 0;
                IsFillingSlots = s.Workers.OpenSlots.Count > 0 && filled > inPart / 2 && held < MostHeld;
                yield return default;
                open = s.Workers.OpenSlots.Slots;
                inPart = 0;
            }
        }
        IsFillingSlots = false;
    }

    /// <summary>None of them has a turn any more.</summary>
    internal void Abandon()
    {
        foreach (TaskState ts in needed.Concat(ready).Concat(wanted.Select(number => merge!.StateOf(number)!)))
        {
            ts.AwaitsTurn = false;
        }
    }

    private TaskState? TryPop()
    {
        if (needed.Count > 0)
        {
            TaskState pulled = needed[^1];
            needed.RemoveAt(needed.Count - 1);
            return pulled;
        }
        if (wanted.Count == 0)
        {
            return null;
        }
        TaskState ts = merge!.StateOf(wanted[^1])!;
        wanted.RemoveAt(wanted.Count - 1);
        return ts;
    }

    private void Await(TaskState waiting)
    {
        var context = new TransitionContext { StimulusId = stimulus };
        s.Transition(waiting, TaskStateName.Waiting, ref context);
        recommended.Clear();
        while (s.Recommendations.TryPop(out TaskState ts, out TaskStateName finish))
        {
            recommended.Add((ts, finish));
        }
        for (int i = recommended.Count - 1; i >= 0; i--)
        {
            (TaskState ts, TaskStateName finish) = recommended[i];
            switch (finish)
            {
                case TaskStateName.Waiting or TaskStateName.Processing when ts.AwaitsTurn:
                    break; // In its old place.
                case TaskStateName.Waiting:
                    ts.AwaitsTurn = true;
                    needed.Add(ts);
                    break;
                case TaskStateName.Processing:
                    ts.AwaitsTurn = true;
                    ready.Add(ts);
                    break;
                default:
                    s.Recommendations.Add(ts, finish);
                    break;
            }
        }
        s.RunRecommendations(stimulus);
    }

    private static TaskState? Blame(TaskState ts)
    {
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.ExceptionBlame is { } blame)
            {
                return blame;
            }
        }
        return null;
    }
}
