using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Workers come, change and go (rows W44 to W46, S29, WS9).</summary>
public static class Workers
{
    /// <summary>Why a worker is not accepted.</summary>
    /// <param name="Message">Dask's words.</param>
    /// <param name="Raise">The answer is an exception (ValueError), not a status.</param>
    public sealed record Refusal(string Message, bool Raise);

    /// <summary>Dask's <c>add_worker</c>; a refusal, or null when the worker is in.</summary>
    /// <param name="s">The state.</param>
    /// <param name="registration">The message.</param>
    /// <param name="connection">The host's number of the connection, which becomes the stream.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="worker">The worker.</param>
    public static Refusal? AddWorker(
        this SchedulerState s, WorkerRegistration registration, long connection, double now, out WorkerState? worker)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(registration);
        s.Now = now;
        worker = null;
        if (s.Workers.TryGet(registration.Address, out _))
        {
            return new Refusal($"Worker already exists {registration.Address}", Raise: true);
        }
        if (s.Workers.FindByName(registration.Name) is not null)
        {
            s.Outbox.Log(LogSeverity.Warning, $"Worker tried to connect with a duplicate name: {registration.Name}");
            return new Refusal($"name taken, {registration.Name}", Raise: false);
        }
        if (registration.KeyCount > 0)
        {
            return new Refusal(
                $"Worker {registration.Address} connected with {registration.KeyCount} key(s) in memory! "
                + "Worker reconnection is not supported. Keys: (not kept)", Raise: false);
        }
        var ws = new WorkerState(registration, connection, s.Workers.NextInsertion());
        worker = ws;
        LogAddWorker(s, ws);
        s.Workers.Add(ws);
        s.Outbox.WorkerAdded();
        s.Workers.SetResources(ws, registration.Resources);
        ws.TimeDelay = now - registration.Now;
        Heartbeats.Measure(s, ws, registration.Metrics);
        s.Coordination.WorkerStatus.Added(ws);
        s.RefreshNoWorkersSince(now);
        s.CheckIdleSaturated(ws);
        if (ws.Status == WorkerStatus.Running)
        {
            ScheduleOn(s, ws, registration.StimulusId);
        }
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.WorkerAdded(ws);
        }
        s.Outbox.Log(LogSeverity.Info, $"Register worker addr: {ws.Address} name: {ws.Name}");
        s.CheckInvariants();
        return null;
    }

    /// <summary>Dask's <c>remove_worker</c>: what it ran runs elsewhere, what only it held is computed again.</summary>
    /// <param name="s">The state.</param>
    /// <param name="ws">The worker; nothing happens if it is gone already.</param>
    /// <param name="stimulusId">What caused it, as a token.</param>
    /// <param name="expected">It left in good order: its tasks are not suspicious (<c>safe</c> in 2022).</param>
    /// <param name="close">Tell it to close, and end its stream. Otherwise it learns of it by its next heartbeat.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void RemoveWorker(
        this SchedulerState s, WorkerState ws, byte[] stimulusId, bool expected, bool close, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ws);
        s.Now = now;
        if (ws.Status == WorkerStatus.Closed)
        {
            s.CountStale("remove-worker");
            return;
        }
        s.Outbox.Log(
            LogSeverity.Info, $"Remove worker addr: {ws.Address} name: {ws.Name} (stimulus_id='{Tokens.Text(stimulusId)}')");
        if (close)
        {
            // An ending stream is closed behind its last message.
            s.Outbox.To(ws).Close("scheduler-remove-worker"u8);
            s.Outbox.Add(new CloseStream(ws.Connection));
        }
        s.Workers.Remove(ws);
        s.Outbox.WorkerRemoved();
        s.Coordination.PubSub.Forget(ws);
        ws.Status = WorkerStatus.Closed;
        Key[] processing = [.. ws.Processing.ToArray().Select(ts => ts.Key)];
        AbandonTasks(s, ws, stimulusId, expected);
        (List<Key> recompute, List<Key> lost) = AbandonResults(s, ws, stimulusId);
        LogRemoveWorker(s, ws, processing, recompute, lost, stimulusId, expected);
        s.RunRecommendations(stimulusId);
        s.FillOpenSlots(stimulusId); // Tasks that needed what was lost have left other workers.
        s.Coordination.Forget(ws, stimulusId);
        s.Coordination.WorkerStatus.Removed(ws);
        s.RefreshNoWorkersSince(now);
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.WorkerRemoved(ws, stimulusId);
        }
        if (s.Workers.Count == 0)
        {
            s.Outbox.Log(LogSeverity.Info, "Lost all workers");
        }
        string address = ws.Address;
        s.Deadlines.Add(now + s.Options.EventsCleanupDelay, () => ForgetEvents(s, address));
        if (s.Options.Dialect.BroadcastsRemoveWorker)
        {
            foreach (WorkerState other in s.Workers.Sorted)
            {
                s.Outbox.To(other).RemoveWorker(ws, stimulusId);
            }
        }
        s.CheckInvariants();
    }

    /// <summary>Dask's <c>close_worker</c>: asks a worker to close, and does not wait for that.</summary>
    internal static void CloseWorker(this SchedulerState s, WorkerState ws)
    {
        if (ws.Status == WorkerStatus.Closed)
        {
            return;
        }
        s.Outbox.Log(LogSeverity.Info, $"Closing worker {ws.Address}");
        s.LogEvent([ws.Address], 1, (ref MessageWriter w) => w.Field("action"u8, "close-worker"u8));
        s.Outbox.To(ws).Close("scheduler-close-worker"u8);
    }

    /// <summary>The stream of a worker has ended.</summary>
    public static void WorkerStreamEnded(this SchedulerState s, WorkerState ws, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ws);
        s.Now = now;
        ws.StreamClosed = true;
        if (ws.Status != WorkerStatus.Closed)
        {
            s.RemoveWorker(ws, s.Stimulus("handle-worker-cleanup"), expected: false, close: true, now);
        }
    }

    /// <summary>WS9, Dask's <c>handle_worker_status_change</c>.</summary>
    internal static void WorkerStatusChange(this SchedulerState s, WorkerState ws, WorkerStatus status, byte[] stimulusId)
    {
        WorkerStatus previous = ws.Status;
        if (status == previous || previous == WorkerStatus.Closed)
        {
            return;
        }
        ws.Status = status;
        bool withStimulus = !s.Options.Dialect.PackedGraphs;
        s.LogEvent([ws.Address], withStimulus ? 4 : 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "worker-status-change"u8);
            w.Field("prev-status"u8, previous.ToText());
            w.Field("status"u8, status.ToText());
            if (withStimulus)
            {
                w.FieldToken("stimulus_id"u8, stimulusId);
            }
        });
        s.Workers.NoteStatus(ws);
        s.CheckIdleSaturated(ws);
        if (status == WorkerStatus.Running)
        {
            ScheduleOn(s, ws, stimulusId);
        }
        s.RefreshNoWorkersSince(s.Now);
    }

    /// <summary>Dask's <c>_refresh_no_workers_since</c>.</summary>
    internal static void RefreshNoWorkersSince(this SchedulerState s, double now)
    {
        if (!s.Workers.Running.IsEmpty || (s.Queued.Count == 0 && s.Unrunnable.IsEmpty))
        {
            s.NoWorkersSince = null;
        }
        else
        {
            s.NoWorkersSince ??= now;
        }
    }

    /// <summary>Dask's <c>bulk_schedule_unrunnable_after_adding_worker</c>, and the queue.</summary>
    internal static void ScheduleOn(SchedulerState s, WorkerState ws, byte[] stimulusId)
    {
        var runnable = new List<TaskState>();
        foreach (TaskState ts in s.Unrunnable)
        {
            if (s.MayRunOn(ts, ws))
            {
                runnable.Add(ts);
            }
        }
        runnable.Sort(Propagation.LastRunsFirst);
        foreach (TaskState ts in runnable)
        {
            s.Recommendations.Add(ts, TaskStateName.Processing);
        }
        s.RunRecommendations(stimulusId);
        s.FillOpenSlots(stimulusId);
    }

    private static void AbandonTasks(SchedulerState s, WorkerState ws, byte[] stimulusId, bool expected)
    {
        foreach (TaskState ts in ws.Processing.ToArray())
        {
            s.Recommendations.Add(ts, TaskStateName.Released);
            if (expected)
            {
                continue;
            }
            TaskDetails details = ts.EnsureDetails();
            details.Suspicious++;
            ts.Prefix.Suspicious++;
            if (details.Suspicious > s.Options.AllowedFailures)
            {
                s.Recommendations.Remove(ts);
                var context = new TransitionContext
                {
                    StimulusId = stimulusId,
                    Worker = ws,
                    Failure = KilledWorker.Failure(s, ts, ws),
                    Cause = ts,
                };
                s.Transition(ts, TaskStateName.Erred, ref context);
                s.Outbox.Log(
                    LogSeverity.Error,
                    $"Task {ts.Key} marked as failed because {details.Suspicious} workers died while trying to run it");
            }
        }
    }

    private static (List<Key> Recompute, List<Key> Lost) AbandonResults(SchedulerState s, WorkerState ws, byte[] stimulusId)
    {
        var recompute = new List<Key>();
        var lost = new List<Key>();
        foreach (TaskState ts in ws.HasWhat.ToArray())
        {
            s.RemoveReplica(ts, ws);
            if (ws.Actors.Contains(ts))
            {
                s.Recommendations.Add(ts, TaskStateName.Erred);
            }
            else if (ts.WhoHas.IsEmpty)
            {
                bool computable = !ts.RunSpec.IsNone;
                (computable ? recompute : lost).Add(ts.Key);
                s.Recommendations.Add(ts, computable ? TaskStateName.Released : TaskStateName.Forgotten);
            }
        }
        string stimulus = Tokens.Text(stimulusId);
        if (recompute.Count > 0)
        {
            s.Outbox.Log(
                LogSeverity.Warning,
                $"Removing worker '{ws.Address}' caused the cluster to lose already computed task(s), which will be "
                + $"recomputed elsewhere: {Reprs(recompute)} (stimulus_id='{stimulus}')");
        }
        if (lost.Count > 0)
        {
            s.Outbox.Log(
                LogSeverity.Error,
                $"Removing worker '{ws.Address}' caused the cluster to lose scattered data, which can't be recovered: "
                + $"{Reprs(lost)} (stimulus_id='{stimulus}')");
        }
        return (recompute, lost);
    }

    private static string Reprs(List<Key> keys) => "{" + string.Join(", ", keys.Select(k => k.Repr())) + "}";

    private static void LogAddWorker(SchedulerState s, WorkerState ws)
    {
        s.LogEvent([ws.Address], 1, (ref MessageWriter w) => w.Field("action"u8, "add-worker"u8));
        s.LogEvent(["all"], 2, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "add-worker"u8);
            w.FieldToken("worker"u8, ws.AddressToken);
        });
    }

    private static void LogRemoveWorker(
        SchedulerState s, WorkerState ws, Key[] processing, List<Key> recompute, List<Key> lost, byte[] stimulusId, bool expected)
    {
        bool detailed = !s.Options.Dialect.PackedGraphs;
        int entries = detailed ? 6 : 2;
        void Fill(ref MessageWriter w)
        {
            w.Field("action"u8, "remove-worker"u8);
            WriteKeys(ref w, "processing-tasks"u8, processing);
            if (!detailed)
            {
                return;
            }
            WriteKeys(ref w, "lost-computed-tasks"u8, recompute);
            WriteKeys(ref w, "lost-scattered-tasks"u8, lost);
            w.FieldToken("stimulus_id"u8, stimulusId);
            w.Field("expected"u8, expected);
        }
        s.LogEvent([ws.Address], entries, Fill);
        s.LogEvent(["all"], entries + 1, (ref MessageWriter w) =>
        {
            Fill(ref w);
            w.FieldToken("worker"u8, ws.AddressToken);
        });
    }

    private static void WriteKeys(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<Key> keys)
    {
        w.Text(name);
        w.Set(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
    }

    private static void ForgetEvents(SchedulerState s, string address)
    {
        if (!s.Workers.TryGet(address, out _))
        {
            s.Topics.Truncate(address);
        }
    }
}
