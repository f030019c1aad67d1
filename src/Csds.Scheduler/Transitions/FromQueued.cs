namespace Csds.Scheduler;

/// <summary>Transitions out of <c>queued</c> (rows S20, S24, S30).</summary>
internal static class FromQueued
{
    /// <summary>A slot has opened.</summary>
    internal static void ToProcessing(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (s.Policy.DecideQueued(s, ts) is { } ws)
        {
            s.Queued.Remove(ts);
            Propagation.AddToProcessing(s, ts, ws, ref context);
        }
    }

    /// <summary>The result is not needed now.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        s.Queued.Remove(ts);
        Propagation.Release(s, ts);
    }

    /// <summary>It waited for too long.</summary>
    internal static void ToErred(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        s.Queued.Remove(ts);
        Propagation.Err(s, ts, ref context);
    }
}
