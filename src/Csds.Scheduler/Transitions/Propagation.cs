using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What several transitions share: Dask's <c>_propagate_*</c>, <c>_add_to_*</c> and <c>_exit_processing_common</c>.</summary>
internal static class Propagation
{
    /// <summary>Gives a task to a worker and sends it (row S15).</summary>
    internal static void AddToProcessing(SchedulerState s, TaskState ts, WorkerState ws, ref TransitionContext context)
    {
        Assignment.Add(s, ts, ws);
        ts.SetState(TaskStateName.Processing);
        s.TasksStarted++;
        if (ts.Actor)
        {
            ws.Actors.Add(ts);
        }
        if (MemoryGuard.Refuse(s, ts, ws) is { } failure)
        {
            var erred = new TransitionContext
            {
                StimulusId = context.StimulusId,
                Worker = ws,
                Failure = failure,
                Cause = ts,
            };
            s.Transition(ts, TaskStateName.Erred, ref erred);
            return;
        }
        ts.RunId = s.NextRunId();
        s.Outbox.To(ws).ComputeTask(ts, s);
    }

    /// <summary>Takes a task from its worker; null if that worker is gone.</summary>
    internal static WorkerState? ExitProcessing(SchedulerState s, TaskState ts)
    {
        WorkerState ws = ts.ProcessingOn ?? throw new InvalidOperationException($"{ts} is processing nowhere");
        return Assignment.Remove(s, ts, ws) ? ws : null;
    }

    /// <summary>The result has arrived on a worker.</summary>
    internal static void AddToMemory(SchedulerState s, TaskState ts, WorkerState ws, ref TransitionContext context)
    {
        s.AddReplica(ts, ws);
        RecommendDependents(s, ts);
        LeaveDependencies(s, ts);
        if (ts.Waiters.IsEmpty && !ts.IsHeld)
        {
            s.Recommendations.Add(ts, TaskStateName.Released);
        }
        else
        {
            foreach (ClientState cs in ts.WhoWants)
            {
                s.Outbox.To(cs).KeyInMemory(ts.Key, context.Finished.Type);
            }
        }
        ts.SetState(TaskStateName.Memory);
        ts.Type = s.TypeNames.Intern(context.Finished.TypeName);
        ts.Group.AddType(ts.Type);
        DropFireAndForget(s, ts);
    }

    /// <summary>
    /// Dependents that waited for nothing else run next, the most urgent first: it has to be recommended last.
    /// </summary>
    internal static void RecommendDependents(SchedulerState s, TaskState ts)
    {
        if (ts.Dependents.Count == 1)
        {
            foreach (TaskState dts in ts.Dependents)
            {
                RecommendIfReady(s, ts, dts);
            }
            return;
        }
        TaskState[] dependents = ts.Dependents.ToArray();
        Array.Sort(dependents, LastRunsFirst);
        foreach (TaskState dts in dependents)
        {
            RecommendIfReady(s, ts, dts);
        }
    }

    private static void RecommendIfReady(SchedulerState s, TaskState ts, TaskState dts)
    {
        if (dts.WaitingOn.Remove(ts) && dts.WaitingOn.IsEmpty)
        {
            s.Recommendations.Add(dts, TaskStateName.Processing);
        }
    }

    /// <summary>Orders tasks by falling priority value, the later created first among equals.</summary>
    internal static int LastRunsFirst(TaskState a, TaskState b)
    {
        int result = b.Priority.CompareTo(a.Priority);
        return result != 0 ? result : b.Insertion.CompareTo(a.Insertion);
    }

    /// <summary>The state becomes released, and what follows (row S24).</summary>
    internal static void Release(SchedulerState s, TaskState ts)
    {
        ts.SetState(TaskStateName.Released);
        if (ts.HasLostDependencies)
        {
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
        }
        else if (!ts.Waiters.IsEmpty || !ts.WhoWants.IsEmpty)
        {
            s.Recommendations.Add(ts, TaskStateName.Waiting);
            return;
        }
        LeaveDependencies(s, ts);
        ts.Waiters.Clear();
    }

    /// <summary>The task waits for its dependencies no longer; those that nobody else needs can go.</summary>
    internal static void LeaveDependencies(SchedulerState s, TaskState ts)
    {
        foreach (TaskState dts in ts.Dependencies)
        {
            // What is about to fail does so: it would be released with the blame left over.
            if (dts.Waiters.Remove(ts) && dts.Waiters.IsEmpty && !dts.IsHeld
                && s.Recommendations.Of(dts) != TaskStateName.Erred)
            {
                s.Recommendations.Add(dts, TaskStateName.Released);
            }
        }
    }

    /// <summary>Dependents without data fail because of <paramref name="failing"/>.</summary>
    internal static void FailDependents(SchedulerState s, TaskState ts, TaskState failing)
    {
        foreach (TaskState dts in ts.Dependents)
        {
            if (!dts.WhoHas.IsEmpty)
            {
                continue;
            }
            dts.EnsureDetails().ExceptionBlame = failing;
            // One that has failed and is to be tried again fails when it is: others wait for that.
            if (dts.State != TaskStateName.Erred || s.Recommendations.Of(dts) != TaskStateName.Waiting)
            {
                s.Recommendations.Add(dts, TaskStateName.Erred);
            }
        }
    }

    /// <summary>The state becomes erred, and what follows (row S20).</summary>
    internal static void Err(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        ts.SetState(TaskStateName.Erred);
        TaskDetails details = ts.EnsureDetails();
        details.ErredOn ??= [];
        if (context.Worker is { } ws && !details.ErredOn.Contains(ws.Address))
        {
            details.ErredOn.Add(ws.Address);
        }
        if (context.Failure is { } failure)
        {
            details.Exception = failure.Exception;
            details.ExceptionText = failure.ExceptionText;
            details.Traceback = failure.Traceback;
            details.TracebackText = failure.TracebackText;
        }
        TaskState failing = context.Cause ?? details.ExceptionBlame
            ?? throw new InvalidOperationException($"{ts} errs without a cause");
        details.ExceptionBlame = failing;
        // Only what waits for it. 2022 takes all dependents, and so drops results that are there.
        foreach (TaskState dts in ts.Waiters)
        {
            dts.EnsureDetails().ExceptionBlame = failing;
            s.Recommendations.Add(dts, TaskStateName.Erred);
        }
        LeaveDependencies(s, ts);
        ts.Waiters.Clear();
        ReportErred(s, ts, failing);
        ForgetIfNeedless(s, ts);
        DropFireAndForget(s, ts);
    }

    /// <summary>Tells everybody who wants the task that it failed.</summary>
    internal static void ReportErred(SchedulerState s, TaskState ts, TaskState failing)
    {
        foreach (ClientState cs in ts.WhoWants)
        {
            s.Outbox.To(cs).TaskErred(ts.Key, failing.Details?.Exception, failing.Details?.Traceback);
        }
    }

    /// <summary>
    /// What fails, or is tried again, while it was about to be forgotten, its last dependent being gone, still is to be
    /// forgotten. Dask keeps it for ever.
    /// </summary>
    internal static void ForgetIfNeedless(SchedulerState s, TaskState ts)
    {
        if (!ts.IsHeld && ts.Dependents.IsEmpty)
        {
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
        }
    }

    /// <summary>The state becomes forgotten, and what follows (row S25).</summary>
    internal static void Forget(SchedulerState s, TaskState ts, byte[] stimulusId)
    {
        ts.SetState(TaskStateName.Forgotten);
        foreach (TaskState dts in ts.Dependents)
        {
            dts.HasLostDependencies = true;
            if (dts.ProcessingOn is { } ws)
            {
                // The worker will not be told by the dependent's leaving: it depends on nothing of that name any more.
                s.Occupancy.AddNetwork(-ws.EndNeed(ts));
            }
            dts.Dependencies.Remove(ts);
            dts.WaitingOn.Remove(ts);
            if (dts.State is not (TaskStateName.Memory or TaskStateName.Erred))
            {
                // It cannot be computed any more.
                s.Recommendations.Add(dts, TaskStateName.Forgotten);
            }
        }
        ts.Dependents.Clear();
        ts.Waiters.Clear();
        foreach (TaskState dts in ts.Dependencies)
        {
            dts.Dependents.Remove(ts);
            dts.Waiters.Remove(ts);
            if (dts.Dependents.IsEmpty && !dts.IsHeld)
            {
                s.Recommendations.Add(dts, TaskStateName.Forgotten);
            }
        }
        ts.Dependencies.Clear();
        ts.WaitingOn.Clear();
        FreeReplicas(s, ts, stimulusId);
    }

    /// <summary>Takes a forgotten task out of every table, telling who still wants it: Dask's <c>_remove_key</c>.</summary>
    internal static void Drop(SchedulerState s, TaskState ts)
    {
        foreach (ClientState cs in ts.WhoWants)
        {
            s.Outbox.To(cs).CancelledKeys([ts.Key], s.Options.Dialect, "already forgotten");
            cs.WantsWhat.Remove(ts);
        }
        ts.WhoWants.Clear();
        ts.ProcessingOn = null;
        s.Tasks.Remove(ts);
        s.Coordination.Metadata.Forget(ts.Key);
        s.TasksForgotten++;
    }

    /// <summary>Tells every holder to drop its replica.</summary>
    internal static void FreeReplicas(SchedulerState s, TaskState ts, byte[] stimulusId)
    {
        foreach (WorkerState ws in ts.WhoHas)
        {
            s.Outbox.To(ws).FreeKeys(ts.Key, stimulusId);
        }
        s.RemoveAllReplicas(ts);
    }

    private static void DropFireAndForget(SchedulerState s, TaskState ts)
    {
        ClientState cs = s.FireAndForget;
        if (cs.WantsWhat.Contains(ts))
        {
            ClientInterest.Release(s, cs, ts);
        }
    }
}
