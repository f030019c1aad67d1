namespace Csds.Scheduler;

/// <summary>Transitions out of <c>waiting</c> (rows S14, S15, S17, S24).</summary>
internal static class FromWaiting
{
    /// <summary>Ready: ask the policy for a worker. The primary dispatch of ready tasks.</summary>
    internal static void ToProcessing(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        Placement placement = s.Policy.DecideWorker(s, ts);
        if (placement.Worker is { } ws)
        {
            s.Apply(placement, ts);
            Propagation.AddToProcessing(s, ts, ws, ref context);
        }
        else
        {
            s.Recommendations.Add(ts, placement.Queued ? TaskStateName.Queued : TaskStateName.NoWorker);
        }
    }

    /// <summary>No worker may run it.</summary>
    internal static void ToNoWorker(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        ts.SetState(TaskStateName.NoWorker);
        ts.EnsureDetails().UnrunnableSince = s.Now;
        s.Unrunnable.Add(ts);
    }

    /// <summary>Every worker is busy.</summary>
    internal static void ToQueued(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        ts.SetState(TaskStateName.Queued);
        s.Queued.Add(ts);
    }

    /// <summary>
    /// The scheduler believed that the last copy of a dependency was lost and put the task back to waiting; a worker
    /// had a replica all the same and has finished it before it heard of the cancellation, which will reach it soon.
    /// </summary>
    internal static void ToMemory(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
    }

    /// <summary>The result is not needed now.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        Propagation.LeaveDependencies(s, ts);
        ts.WaitingOn.Clear();
        ts.SetState(TaskStateName.Released);
        if (ts.HasLostDependencies)
        {
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
        }
        else if (ts.ExceptionBlame is null && (!ts.WhoWants.IsEmpty || !ts.Waiters.IsEmpty))
        {
            s.Recommendations.Add(ts, TaskStateName.Waiting);
        }
        else
        {
            ts.Waiters.Clear();
        }
    }
}
