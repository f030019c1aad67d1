namespace Csds.Scheduler;

/// <summary>Transitions out of <c>no-worker</c> (rows S20, S24, S32).</summary>
internal static class FromNoWorker
{
    /// <summary>A worker came, or changed: perhaps one that may run the task.</summary>
    internal static void ToProcessing(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (s.Policy.DecideUnrunnable(s, ts) is { } ws)
        {
            s.Unrunnable.Remove(ts);
            Propagation.AddToProcessing(s, ts, ws, ref context);
        }
    }

    /// <summary>The result is not needed now.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        s.Unrunnable.Remove(ts);
        Propagation.Release(s, ts);
    }

    /// <summary>It waited for too long.</summary>
    internal static void ToErred(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        s.Unrunnable.Remove(ts);
        Propagation.Err(s, ts, ref context);
    }
}
