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
        if (ErredDependency(s, ts) is { } failed)
        {
            // Dask would leave it released, or let it wait forever.
            ts.EnsureDetails().ExceptionBlame = failed.ExceptionBlame;
            s.Recommendations.Add(ts, TaskStateName.Erred);
            return;
        }
        if (!FindWaiters(ts) && ts.WhoWants.IsEmpty)
        {
            // Who was to wait for it has failed, or has the data by now. Dask would let it run.
            Propagation.LeaveDependencies(s, ts);
            Propagation.ForgetIfNeedless(s, ts);
            return;
        }
        if (ts.ExceptionBlame is not null)
        {
            ts.EnsureDetails().ExceptionBlame = null;
        }
        ts.SetState(TaskStateName.Waiting);
        AwaitDependencies(s, ts);
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
        Propagation.FailDependents(s, ts, failing);
        // It stayed among its dependencies' waiters if it was to run again.
        Propagation.LeaveDependencies(s, ts);
        ts.Waiters.Clear();
        Propagation.ReportErred(s, ts, failing);
        ts.SetState(TaskStateName.Erred);
        Propagation.ForgetIfNeedless(s, ts);
    }

    private static bool FindWaiters(TaskState ts)
    {
        ts.Waiters.Clear();
        foreach (TaskState dts in ts.Dependents)
        {
            if (dts.State == TaskStateName.Waiting)
            {
                ts.Waiters.Add(dts);
            }
        }
        return !ts.Waiters.IsEmpty;
    }

    // Those that have to be computed first start with the most urgent, which has to be recommended last. In Dask the
    // order is that of a set.
    private static void AwaitDependencies(SchedulerState s, TaskState ts)
    {
        List<TaskState> released = s.ReleasedDependencies;
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.WhoHas.IsEmpty)
            {
                ts.WaitingOn.Add(dts);
            }
            if (dts.State == TaskStateName.Released)
            {
                released.Add(dts);
            }
            else
            {
                dts.Waiters.Add(ts);
            }
        }
        if (released.Count > 1)
        {
            released.Sort(Propagation.LastRunsFirst);
        }
        foreach (TaskState dts in released)
        {
            // Scattered data that was just lost is about to be forgotten, and takes this task with it. In Dask the
            // task keeps it here: it is run without a run spec.
            if (s.Recommendations.Of(dts) != TaskStateName.Forgotten)
            {
                s.Recommendations.Add(dts, TaskStateName.Waiting);
            }
        }
        released.Clear();
    }

    // One that has failed, and that is not about to be tried again.
    private static TaskState? ErredDependency(SchedulerState s, TaskState ts)
    {
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.State == TaskStateName.Erred && s.Recommendations.Of(dts) != TaskStateName.Waiting)
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
