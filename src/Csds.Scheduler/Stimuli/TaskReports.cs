using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What workers report about tasks (rows WS1 to WS6, WS10, S26, S27).</summary>
internal static class TaskReports
{
    /// <summary>WS1, Dask's <c>stimulus_task_finished</c>.</summary>
    internal static void TaskFinished(this SchedulerState s, WorkerState ws, in TaskFinished msg)
    {
        byte[] stimulus = msg.StimulusId.ToArray();
        // Mostly the one that it has had for longest.
        TaskState? ts = ws.Processing.TryGetFirst(out TaskState? first) && msg.Key.SequenceEqual(first.Key.Token)
            ? first
            : s.Tasks.Find(msg.Key);
        if (ts is null || IsOver(ts))
        {
            s.CountStale("task-finished");
            s.Outbox.To(ws).FreeKeys(msg.Key, stimulus);
        }
        else if (s.Options.Dialect.RunIds && ts.RunId != msg.RunId)
        {
            s.CountStale("run-id");
            if (ReferenceEquals(ts.ProcessingOn, ws))
            {
                s.RunTransitions(ts, TaskStateName.Released, stimulus);
            }
            else
            {
                s.Outbox.To(ws).FreeKeys(msg.Key, stimulus);
            }
        }
        else if (ts.State == TaskStateName.Memory)
        {
            s.AddReplica(ts, ws);
        }
        else if (ts.State == TaskStateName.Processing && !ReferenceEquals(ts.ProcessingOn, ws))
        {
            // Only 2022's workers get here, which have no run ids: another worker has the task by now.
            s.CountStale("other-worker");
            s.Outbox.To(ws).FreeKeys(msg.Key, stimulus);
        }
        else
        {
            var context = new TransitionContext { StimulusId = stimulus, Worker = ws, Finished = msg };
            s.Transition(ts, TaskStateName.Memory, ref context);
            s.RunRecommendations(stimulus);
        }
        s.FillOpenSlots(stimulus);
    }

    private static bool IsOver(TaskState ts) =>
        ts.State is TaskStateName.Released or TaskStateName.Queued or TaskStateName.NoWorker or TaskStateName.Erred;

    /// <summary>WS2, Dask's <c>stimulus_task_erred</c>.</summary>
    internal static void TaskErred(this SchedulerState s, WorkerState ws, in TaskErred msg)
    {
        byte[] stimulus = msg.StimulusId.ToArray();
        if (!s.Tasks.TryGet(msg.Key, out TaskState? ts) || ts.State != TaskStateName.Processing)
        {
            s.CountStale("task-erred");
            return;
        }
        bool elsewhere = !ReferenceEquals(ts.ProcessingOn, ws);
        if (elsewhere || (s.Options.Dialect.RunIds && ts.RunId != msg.RunId))
        {
            s.CountStale("run-id");
            if (!elsewhere)
            {
                s.RunTransitions(ts, TaskStateName.Released, stimulus);
                s.FillOpenSlots(stimulus);
            }
            return;
        }
        var context = new TransitionContext
        {
            StimulusId = stimulus,
            Worker = ws,
            FailedRun = msg.Run,
            Failure = msg.Failure,
            Cause = ts,
        };
        if (ts.Details is { Retries: > 0 })
        {
            ts.EnsureDetails().Retries--;
            context = new TransitionContext { StimulusId = stimulus };
            s.Transition(ts, TaskStateName.Waiting, ref context);
        }
        else
        {
            s.Transition(ts, TaskStateName.Erred, ref context);
        }
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
    }

    /// <summary>WS3, Dask's <c>release_worker_data</c>.</summary>
    internal static void ReleaseWorkerData(this SchedulerState s, WorkerState ws, ReadOnlySpan<byte> key, byte[] stimulusId)
    {
        if (!s.Tasks.TryGet(key, out TaskState? ts) || !ts.WhoHas.Contains(ws))
        {
            s.CountStale("release-worker-data");
            return;
        }
        s.RemoveReplica(ts, ws);
        if (ts.WhoHas.IsEmpty)
        {
            s.RunTransitions(ts, TaskStateName.Released, stimulusId);
            s.FillOpenSlots(stimulusId); // Tasks that needed it have left their workers.
        }
    }

    /// <summary>WS4, Dask's <c>add_keys</c>: replicas that nothing needs any more are refused.</summary>
    internal static void AddKeys(this SchedulerState s, WorkerState ws, IEnumerable<Key> keys, byte[] stimulusId)
    {
        List<Key> redundant = [.. keys.Where(key => !TryAddReplica(s, ws, s.Tasks.Find(key)))];
        Refuse(s, ws, redundant, stimulusId);
    }

    /// <summary>The same for a list of keys in a message.</summary>
    internal static void AddKeys(this SchedulerState s, WorkerState ws, MessageReader keys, byte[] stimulusId)
    {
        List<Key>? redundant = null;
        for (int left = keys.ReadSequenceHeader(); left > 0; left--)
        {
            ReadOnlySpan<byte> key = keys.ReadKeyToken();
            if (!TryAddReplica(s, ws, s.Tasks.Find(key)))
            {
                (redundant ??= []).Add(new Key(key.ToArray()));
            }
        }
        if (redundant is not null)
        {
            Refuse(s, ws, redundant, stimulusId);
        }
    }

    private static bool TryAddReplica(SchedulerState s, WorkerState ws, TaskState? ts)
    {
        if (ts is { State: TaskStateName.Memory })
        {
            s.AddReplica(ts, ws);
            return true;
        }
        // Not refused if it was told to compute the key meanwhile: it answers with the replica that it has, and would then drop
        // it. Dask loses the result that way.
        return ReferenceEquals(ts?.ProcessingOn, ws);
    }

    private static void Refuse(SchedulerState s, WorkerState ws, List<Key> redundant, byte[] stimulusId)
    {
        if (redundant.Count > 0)
        {
            s.Outbox.To(ws).RemoveReplicas(redundant, stimulusId);
        }
    }

    /// <summary>WS5, Dask's <c>handle_long_running</c>.</summary>
    internal static void LongRunning(
        this SchedulerState s, WorkerState ws, ReadOnlySpan<byte> key, long runId, double? computeDuration, byte[] stimulusId)
    {
        if (!s.Tasks.TryGet(key, out TaskState? ts) || !ReferenceEquals(ts.ProcessingOn, ws)
            || (s.Options.Dialect.LongRunningRunIds && ts.RunId != runId))
        {
            s.CountStale("long-running");
            return;
        }
        if (computeDuration is { } seconds)
        {
            double old = ts.Prefix.DurationAverage;
            ts.Prefix.DurationAverage = old < 0 ? seconds : (old + seconds) / 2;
            s.Occupancy.Refresh(ts.Prefix);
        }
        Assignment.Secede(s, ts, ws);
        s.FillOpenSlots(stimulusId);
    }

    /// <summary>WS6, Dask's <c>_reschedule</c>.</summary>
    internal static void Reschedule(this SchedulerState s, WorkerState ws, ReadOnlySpan<byte> key, byte[] stimulusId)
    {
        if (!s.Tasks.TryGet(key, out TaskState? ts))
        {
            s.Outbox.Log(
                LogSeverity.Warning,
                $"Attempting to reschedule task {KeyText.Repr(key)}, which was not found on the scheduler. Aborting reschedule.");
            return;
        }
        if (ts.State == TaskStateName.Processing && ReferenceEquals(ts.ProcessingOn, ws))
        {
            s.RunTransitions(ts, TaskStateName.Released, stimulusId);
            s.FillOpenSlots(stimulusId);
        }
    }

    /// <summary>WS10, Dask's <c>handle_request_refresh_who_has</c>.</summary>
    internal static void RequestRefreshWhoHas(this SchedulerState s, WorkerState ws, IEnumerable<Key> keys, byte[] stimulusId)
    {
        var known = new List<TaskState>();
        var unknown = new List<Key>();
        foreach (Key key in keys)
        {
            if (s.Tasks.Find(key) is { } ts)
            {
                known.Add(ts);
            }
            else
            {
                unknown.Add(key);
            }
        }
        if (known.Count > 0)
        {
            s.Outbox.To(ws).RefreshWhoHas(known, stimulusId);
        }
        if (unknown.Count > 0)
        {
            s.Outbox.To(ws).FreeKeys(unknown, stimulusId);
        }
    }
}
