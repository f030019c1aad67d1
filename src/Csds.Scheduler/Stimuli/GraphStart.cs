namespace Csds.Scheduler;

/// <summary>
/// Starts the tasks of a graph (rows S79, S80), in steps of one task. It does what running all recommendations to the fixed
/// point would do, in the same order, but puts off what is dispatched until every task has been waited for: results
/// that come in between two steps are then known to be needed.
/// </summary>
internal sealed class GraphStart(SchedulerState s, byte[] stimulus)
{
    // Tasks that are to go from released to waiting, the next one last.
    private readonly List<TaskState> needed = [];

    // Tasks that wait for nothing, the next one first.
    private readonly List<TaskState> ready = [];
    private readonly List<(TaskState Task, TaskStateName State)> recommended = [];

    /// <summary>
    /// What depends on something that has failed, fails. A result that is there stays there, whatever has happened to what it
    /// was computed from.
    /// </summary>
    internal IEnumerable<int> Fail(List<TaskState> touched)
    {
        for (int i = touched.Count - 1; i >= 0; i--)
        {
            TaskState ts = touched[i];
            if (ts.State is not (TaskStateName.Memory or TaskStateName.Forgotten) && Blame(ts) is { } blame)
            {
                ts.EnsureDetails().ExceptionBlame = blame;
                s.RunTransitions(ts, TaskStateName.Erred, stimulus);
            }
            yield return i;
        }
    }

    /// <summary>
    /// What was asked for waits, the most urgent first, and pulls what it depends on. Before 2025.4 Dask starts everything that
    /// can run at once, in the same order for graphs that it has ordered itself.
    /// </summary>
    internal IEnumerable<int> Await(IEnumerable<TaskState> requested)
    {
        bool sorted = true;
        foreach (TaskState ts in requested)
        {
            if (ts.State == TaskStateName.Released && !ts.AwaitsTurn)
            {
                sorted &= needed.Count == 0 || Propagation.LastRunsFirst(needed[^1], ts) <= 0;
                ts.AwaitsTurn = true;
                needed.Add(ts);
            }
            yield return 1;
        }
        if (!sorted)
        {
            needed.Sort(Propagation.LastRunsFirst);
        }
        while (needed.Count > 0)
        {
            TaskState ts = needed[^1];
            needed.RemoveAt(needed.Count - 1);
            ts.AwaitsTurn = false;
            if (ts.State == TaskStateName.Released)
            {
                Await(ts);
            }
            yield return 1;
        }
    }

    /// <summary>Sends what is ready to workers, to the queue or to no-worker.</summary>
    internal IEnumerable<int> Dispatch()
    {
        foreach (TaskState ts in ready)
        {
            ts.AwaitsTurn = false;
            if (ts.State == TaskStateName.Waiting && ts.WaitingOn.IsEmpty)
            {
                s.RunTransitions(ts, TaskStateName.Processing, stimulus);
            }
            yield return 1;
        }
    }

    /// <summary>None of them has a turn any more.</summary>
    internal void Abandon()
    {
        foreach (TaskState ts in needed.Concat(ready))
        {
            ts.AwaitsTurn = false;
        }
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
