namespace Csds.Scheduler;

/// <summary>Transitions out of <c>released</c> (rows S13, S21, S25).</summary>
internal static class FromReleased
{
    /// <summary>The result is needed: wait for the dependencies, or run at once.</summary>
    internal static void ToWaiting(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (ts.HasLostDependencies)
        {
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
            return;
        }
        if (ts.RunSpec.IsNone)
        {
            return; // Only talked about until now: who waits for it waits until somebody submits it.
        }
        if (ErredDependency(ts) is { } failed)
        {
            // Dask would leave it released, and its clients waiting.
            ts.EnsureDetails().ExceptionBlame = failed.ExceptionBlame;
            s.Recommendations.Add(ts, TaskStateName.Erred);
            return;
        }
        ts.SetState(TaskStateName.Waiting);
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.WhoHas.IsEmpty)
            {
                ts.WaitingOn.Add(dts);
            }
            if (dts.State == TaskStateName.Released)
            {
                s.Recommendations.Add(dts, TaskStateName.Waiting);
            }
            else
            {
                dts.Waiters.Add(ts);
            }
        }
        ts.Waiters.Clear();
        foreach (TaskState dts in ts.Dependents)
        {
            if (dts.State == TaskStateName.Waiting)
            {
                ts.Waiters.Add(dts);
            }
        }
        if (ts.WaitingOn.IsEmpty)
        {
            // Waiting to processing sends the task to queued or no-worker as necessary.
            s.Recommendations.Add(ts, TaskStateName.Processing);
        }
    }

    /// <summary>A dependency has failed, or the run that is being given up has.</summary>
    internal static void ToErred(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        TaskState failing = ts.ExceptionBlame ?? throw new InvalidOperationException($"{ts} errs without a cause");
        foreach (TaskState dts in ts.Dependents)
        {
            if (dts.WhoHas.IsEmpty)
            {
                dts.EnsureDetails().ExceptionBlame = failing;
                s.Recommendations.Add(dts, TaskStateName.Erred);
            }
        }
        // It stayed among its dependencies' waiters if it was to run again.
        Propagation.LeaveDependencies(s, ts);
        ts.Waiters.Clear();
        Propagation.ReportErred(s, ts, failing);
        ts.SetState(TaskStateName.Erred);
    }

    private static TaskState? ErredDependency(TaskState ts)
    {
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.State == TaskStateName.Erred)
            {
                return dts;
            }
        }
        return null;
    }

    /// <summary>Nobody will ever need it again.</summary>
    internal static void ToForgotten(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        Propagation.Forget(s, ts, context.StimulusId);
        Propagation.Drop(s, ts);
    }
}
