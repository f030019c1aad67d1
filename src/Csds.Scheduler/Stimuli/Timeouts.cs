using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What happens by the passing of time alone (rows S42 to S44, S46). The host calls <see cref="Tick"/> now and then.</summary>
public static class Timeouts
{
    private static readonly ReadOnlyMemory<byte> emptyMap = new byte[] { 0x80 };

    /// <summary>Acts on every deadline that has passed. Meant to be called every 100 ms.</summary>
    public static void Tick(this SchedulerState s, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Deadlines.Run(now);
        CheckWorkerTtl(s);
        CheckNoWorkers(s);
        CheckIdle(s);
        BalanceWork(s);
        s.CheckInvariants();
    }

    private static void BalanceWork(SchedulerState s)
    {
        if (s.Options.WorkStealing && s.Now >= s.NextBalance)
        {
            s.NextBalance = s.Now + s.Options.WorkStealingInterval;
            StealBalance.Balance(s);
        }
    }

    /// <summary>
    /// Acts on the deadlines that have passed, and on nothing else: called whenever
    /// <see cref="SchedulerState.NextDeadline"/> has come.
    /// </summary>
    public static void RunDeadlines(this SchedulerState s, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Deadlines.Run(now);
        s.CheckInvariants();
    }

    // Dask checks every ttl; often enough is every quarter.
    private static void CheckWorkerTtl(SchedulerState s)
    {
        if (s.Options.WorkerTtl is not { } configured || s.Now < s.NextTtlCheck)
        {
            return;
        }
        s.NextTtlCheck = s.Now + (configured / 4);
        double ttl = Math.Max(configured, 10 * Heartbeats.Interval(s.Workers.Count));
        // A worker that is being restarted has until then to go.
        WorkerState[] late = [.. s.Workers.Sorted.Where(ws => s.Now - Math.Max(ws.LastSeen, ws.RestartedAt) > ttl)];
        if (late.Length == 0)
        {
            return;
        }
        byte[] stimulus = s.Stimulus("check-worker-ttl");
        if (s.Options.Dialect.PackedGraphs)
        {
            foreach (WorkerState ws in late)
            {
                s.Outbox.Log(
                    LogSeverity.Warning,
                    $"Worker failed to heartbeat within {configured.ToString(CultureInfo.InvariantCulture)} seconds. Closing: {ws}");
                s.RemoveWorker(ws, stimulus, expected: false, close: true, s.Now);
            }
            return;
        }
        RestartLate(s, late, ttl, stimulus);
    }

    private static void RestartLate(SchedulerState s, WorkerState[] late, double ttl, byte[] stimulus)
    {
        foreach (WorkerState ws in late)
        {
            string what = ws.Registration.Nanny is null ? "removing" : "attempting restart";
            string seconds = (s.Now - ws.LastSeen).ToString("F0", CultureInfo.InvariantCulture);
            s.Outbox.Log(LogSeverity.Warning, $"Worker failed to heartbeat for {seconds}s; {what}: {ws}");
            ws.RestartedAt = s.Now;
        }
        s.LogEvent(["scheduler"], 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "worker-ttl-timed-out"u8);
            w.Text("workers"u8);
            w.List(late.Length);
            foreach (WorkerState ws in late)
            {
                w.Token(ws.AddressToken);
            }
            w.Field("ttl"u8, ttl);
        });
        if (s.BeginRestart(late, stimulus, s.Now) is { Count: > 0 } nannied)
        {
            s.Outbox.Add(new RestartWorkers(nannied, stimulus));
        }
    }

    // Dask's _check_no_workers.
    private static void CheckNoWorkers(SchedulerState s)
    {
        if (s.Options.NoWorkersTimeout is not { } timeout || !s.Options.Dialect.NoWorkersTimeout)
        {
            return;
        }
        s.RefreshNoWorkersSince(s.Now);
        List<(TaskState Task, bool NoValid)> affected = [];
        foreach (TaskState ts in s.Unrunnable)
        {
            double since = ts.Details!.UnrunnableSince;
            if (s.Now <= since + timeout)
            {
                break; // The others have waited for less.
            }
            affected.Add((ts, s.NoWorkersSince is not { } none || none >= since));
        }
        if (s.NoWorkersSince is { } noWorkersSince && s.Now > noWorkersSince + timeout)
        {
            affected.AddRange(s.Queued.Sorted().Select(ts => (ts, false)));
        }
        if (affected.Count == 0)
        {
            return;
        }
        byte[] stimulus = s.Stimulus("check-no-workers-timeout");
        foreach ((TaskState ts, bool noValid) in affected)
        {
            Fail(s, ts, noValid, timeout, stimulus);
        }
        s.RunRecommendations(stimulus);
        s.LogEvent(["scheduler"], 2, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "no-workers-timeout-exceeded"u8);
            w.Text("keys"u8);
            w.Set(affected.Count);
            foreach ((TaskState ts, _) in affected)
            {
                w.Key(ts.Key);
            }
        });
    }

    private static void Fail(SchedulerState s, TaskState ts, bool noValid, double timeout, byte[] stimulus)
    {
        var context = new TransitionContext
        {
            StimulusId = stimulus,
            Cause = ts,
            Failure = new Failure(Opaque.FromBytes(Pickle(ts, noValid, timeout)), null, null, null),
        };
        s.Transition(ts, TaskStateName.Erred, ref context);
        string why = noValid
            ? "for its restrictions to become satisfied."
            : "without any running workers.";
        s.Outbox.Log(LogSeverity.Error, $"Task {ts.Key} marked as failed because it timed out waiting {why}");
    }

    // NoValidWorkerError(task, host_restrictions, worker_restrictions, resource_restrictions, timeout) or
    // NoWorkerError(task, timeout).
    private static byte[] Pickle(TaskState ts, bool noValid, double timeout)
    {
        PickleWriter w = new PickleWriter()
            .Global("distributed.scheduler", noValid ? "NoValidWorkerError" : "NoWorkerError").Mark().Value(ts.Key);
        if (noValid)
        {
            w.EmptySet().Mark();
            foreach (Key host in ts.Details?.HostRestrictions ?? [])
            {
                w.Value(host);
            }
            w.AddItems().EmptySet().Mark();
            foreach (string address in ts.Details?.WorkerRestrictions ?? [])
            {
                w.Str(address);
            }
            var resources = new MessageReader(ts.Details?.ResourceRestrictions?.Token ?? emptyMap);
            w.AddItems().Value(ref resources);
        }
        return w.Float(timeout).Tuple().Reduce().ToArray();
    }

    /// <summary>Dask's <c>check_idle</c>: since when there is no work, in seconds since 1970; null while there is some.</summary>
    public static double? CheckIdle(this SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        bool moved = s.TransitionCounter != s.IdleTransitionCounter;
        s.IdleTransitionCounter = s.TransitionCounter;
        if (moved || s.ActiveGraphUpdates > 0 || s.Queued.Count > 0 || !s.Unrunnable.IsEmpty || s.ProcessingCount > 0)
        {
            s.IdleSince = null;
            return null;
        }
        if (s.IdleSince is not { } since)
        {
            s.IdleSince = s.Now;
            return s.IdleSince;
        }
        if (s.Options.IdleTimeout is { } timeout && s.Now > since + timeout && !s.IsClosing)
        {
            s.IsClosing = true;
            s.Outbox.Log(LogSeverity.Info, $"Scheduler closing after being idle for {TimeDelta.Format(timeout)}");
            s.Outbox.Add(new CloseScheduler("idle-timeout-exceeded"));
        }
        return since;
    }
}
