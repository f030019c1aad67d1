using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Runs transitions and what they recommend to the fixed point (rows S7, S8): Dask's <c>_transition</c> and
/// <c>_transitions</c>.
/// </summary>
internal static class TransitionEngine
{
    /// <summary>Runs what is recommended until nothing is.</summary>
    internal static void RunRecommendations(this SchedulerState s, byte[] stimulusId)
    {
        while (s.Recommendations.TryPop(out TaskState ts, out TaskStateName finish))
        {
            var context = new TransitionContext { StimulusId = stimulusId };
            s.Transition(ts, finish, ref context);
        }
    }

    /// <summary>Moves one task, and then whatever follows from it.</summary>
    internal static void RunTransitions(this SchedulerState s, TaskState ts, TaskStateName finish, byte[] stimulusId)
    {
        s.Recommendations.Add(ts, finish);
        s.RunRecommendations(stimulusId);
    }

    /// <summary>Moves one task; what follows is recommended, not run.</summary>
    /// <exception cref="InvalidOperationException">There is no way between the states.</exception>
    internal static void Transition(this SchedulerState s, TaskState ts, TaskStateName finish, ref TransitionContext context)
    {
        TaskStateName start = ts.State;
        if (start == finish || start == TaskStateName.Forgotten)
        {
            return;
        }
        s.TransitionCounter++;
        int made = s.Recommendations.Made.Length;
        if (TransitionTable.Find(start, finish) is { } transition)
        {
            transition(s, ts, ref context);
        }
        else if (start != TaskStateName.Released && finish != TaskStateName.Released)
        {
            s.Transition(ts, TaskStateName.Released, ref context);
            TaskStateName next = s.Recommendations.Of(ts) ?? finish;
            Find(s, ts, TaskStateName.Released, next)(s, ts, ref context);
            start = TaskStateName.Released;
        }
        else
        {
            throw Impossible(s, ts, start, finish);
        }
        s.Story.Add(ts.Key, start, ts.State, s.Recommendations.Made[made..], context.StimulusId, s.Now);
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.Moved(ts, start, ref context);
        }
        if (ts.State == TaskStateName.Forgotten)
        {
            s.Tasks.RemoveIfDone(ts.Group);
        }
        if (s.Options.Validate)
        {
            s.Touched.Add(ts);
        }
    }

    private static Transition Find(SchedulerState s, TaskState ts, TaskStateName start, TaskStateName finish) =>
        TransitionTable.Find(start, finish) ?? throw Impossible(s, ts, start, finish);

    private static InvalidOperationException Impossible(
        SchedulerState s, TaskState ts, TaskStateName start, TaskStateName finish) =>
        new($"Impossible transition from {start.ToText()} to {finish.ToText()} for {ts.Key.Repr()}: "
            + $"story={string.Join("; ", s.Story.Of([ts.Key], []))}");
}
