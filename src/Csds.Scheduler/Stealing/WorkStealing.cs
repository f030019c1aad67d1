using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Moves tasks from workers with too much to do to idle ones: the bookkeeping and the protocol of Dask's
/// <c>WorkStealing</c> (rows S49, S51). <see cref="StealBalance"/> decides which.
/// </summary>
public sealed class WorkStealing
{
    /// <summary>Seconds that moving a task costs beside the transfer of its input.</summary>
    private const double Latency = 0.1;

    /// <summary>Prefixes that are known to run no longer than this are not worth it, in seconds.</summary>
    private const double FastTask = 0.001;

    private readonly SchedulerState s;
    private readonly HashSet<string> fastTasks;
    private readonly Dictionary<TaskState, StealRequest> inFlight = [];
    private readonly Dictionary<TaskPrefix, HashSet<TaskState>> unknownDurations = [];
    private long requests;

    internal WorkStealing(SchedulerState s)
    {
        this.s = s;
        fastTasks = s.Options.Dialect.PackedGraphs
            ? ["split-shuffle"]
            : [.. s.Options.DefaultTaskDurations.Where(d => d.Value <= FastTask).Select(d => d.Key)];
    }

    /// <summary>Requests by level since the start.</summary>
    public long[] RequestCounts { get; } = new long[StealableTasks.Levels];

    /// <summary>Seconds of work requested, by level, since the start.</summary>
    public double[] RequestCosts { get; } = new double[StealableTasks.Levels];

    /// <summary>Number of requests that wait for their answers.</summary>
    public int InFlight => inFlight.Count;

    /// <summary>The requests that wait for their answers.</summary>
    internal IReadOnlyDictionary<TaskState, StealRequest> Requests => inFlight;

    /// <summary>Seconds of work on a worker, requests in flight counted as granted.</summary>
    internal double CombinedOccupancy(WorkerState ws) => s.Occupancy.Of(ws) + ws.InFlightOccupancy;

    /// <summary>Tasks on a worker, requests in flight counted as granted.</summary>
    internal static int CombinedProcessing(WorkerState ws) => ws.Processing.Count + ws.InFlightTasks;

    /// <summary>A task has come to a worker.</summary>
    internal void Put(TaskState ts)
    {
        if (ts.ProcessingOn is not { } ws || LevelOf(ts) is not { } level)
        {
            return;
        }
        ws.Stealable.Add(ts, level);
        ts.StealLevel = (sbyte)level;
        // Without input the level is 0 however long it takes.
        if (level > 0 && ts.Prefix.DurationAverage < 0)
        {
            if (!unknownDurations.TryGetValue(ts.Prefix, out HashSet<TaskState>? waiting))
            {
                unknownDurations[ts.Prefix] = waiting = [];
            }
            waiting.Add(ts);
        }
    }

    /// <summary>A task has left its worker, or may not be moved any more.</summary>
    internal static void Remove(TaskState ts, WorkerState ws)
    {
        if (ts.StealLevel >= 0)
        {
            ws.Stealable.Remove(ts, ts.StealLevel);
            ts.StealLevel = -1;
        }
    }

    /// <summary>A task has left processing: a request for it means nothing any more.</summary>
    internal void Leave(TaskState ts, WorkerState ws)
    {
        Remove(ts, ws);
        EndRequest(ts);
        if (unknownDurations.Count > 0 && unknownDurations.TryGetValue(ts.Prefix, out HashSet<TaskState>? waiting)
            && waiting.Remove(ts) && waiting.Count == 0)
        {
            unknownDurations.Remove(ts.Prefix);
        }
    }

    /// <summary>The first task of a prefix has finished: levels that were guesses can be worked out.</summary>
    internal void DurationKnown(TaskPrefix prefix)
    {
        if (unknownDurations.Count == 0 || !unknownDurations.Remove(prefix, out HashSet<TaskState>? waiting))
        {
            return;
        }
        foreach (TaskState ts in waiting)
        {
            if (ts.ProcessingOn is { } ws && !inFlight.ContainsKey(ts) && !ts.LongRunning)
            {
                Remove(ts, ws);
                Put(ts);
            }
        }
    }

    /// <summary>Asks the victim to give the task up.</summary>
    internal void Request(TaskState ts, WorkerState victim, WorkerState thief)
    {
        if (inFlight.ContainsKey(ts))
        {
            return;
        }
        Remove(ts, victim);
        double compute = s.Occupancy.DurationOf(ts.Prefix);
        byte[] stimulus = Tokens.String($"steal-{requests++}");
        var request = new StealRequest(
            victim, thief, compute + s.CommCost(ts, victim), compute + s.CommCost(ts, thief), stimulus);
        s.Outbox.To(victim).StealRequest(ts.Key, stimulus);
        inFlight[ts] = request;
        victim.InFlightOccupancy -= request.VictimDuration;
        thief.InFlightOccupancy += request.ThiefDuration;
        victim.InFlightTasks--;
        thief.InFlightTasks++;
    }

    /// <summary>WS11, Dask's <c>move_task_confirm</c>: the victim says how far it is with the task.</summary>
    internal void Confirm(WorkerState worker, ReadOnlySpan<byte> key, string? state, byte[] stimulusId)
    {
        if (!s.Tasks.TryGet(key, out TaskState? ts) || !inFlight.TryGetValue(ts, out StealRequest? request)
            || !request.StimulusId.AsSpan().SequenceEqual(stimulusId))
        {
            s.CountStale("steal-response");
            if (ts is not null)
            {
                StealLog.Stale(s, inFlight.ContainsKey(ts) ? "stale-response" : "already-aborted", ts, state, worker, stimulusId);
            }
            return;
        }
        EndRequest(ts);
        bool thiefGone = request.Thief.Status == WorkerStatus.Closed;
        switch (state)
        {
            case "ready" or "constrained" or "waiting" when !thiefGone:
                StealLog.Answered(s, "confirm", ts, state, request);
                Move(ts, request);
                break;
            case "ready" or "constrained" or "waiting" or "released" or "error" or null:
                StealLog.Rescheduled(s, thiefGone, ts, state, request);
                s.RunTransitions(ts, TaskStateName.Released, stimulusId);
                break;
            case "memory" or "executing" or "long-running" or "cancelled" or "resumed" or "flight" or "fetch" or "missing" or "rescheduled":
                StealLog.Answered(s, "already-computing", ts, state, request);
                break;
            default:
                throw new ProtocolException($"Unexpected task state: {state}");
        }
        s.CheckIdleSaturated(request.Thief);
        s.CheckIdleSaturated(request.Victim);
        s.FillOpenSlots(stimulusId);
    }

    private void Move(TaskState ts, StealRequest request)
    {
        Assignment.Remove(s, ts, request.Victim);
        Assignment.Add(s, ts, request.Thief);
        ts.RunId = s.NextRunId();
        s.Outbox.To(request.Thief).ComputeTask(ts, s);
    }

    private void EndRequest(TaskState ts)
    {
        if (inFlight.Count == 0 || !inFlight.Remove(ts, out StealRequest? request))
        {
            return;
        }
        request.Victim.InFlightOccupancy += request.VictimDuration;
        request.Thief.InFlightOccupancy -= request.ThiefDuration;
        request.Victim.InFlightTasks++;
        request.Thief.InFlightTasks--;
    }

    // Dask's steal_time_ratio; null: not worth it.
    private int? LevelOf(TaskState ts)
    {
        if (ts.Actor || fastTasks.Contains(ts.Prefix.Name))
        {
            return null;
        }
        if (ts.Dependencies.IsEmpty)
        {
            return 0;
        }
        long nbytes = 0;
        foreach (TaskState dts in ts.Dependencies)
        {
            nbytes += s.NBytesOf(dts);
        }
        double compute = s.Occupancy.DurationOf(ts.Prefix);
        if (compute <= 0)
        {
            return null;
        }
        double ratio = ((nbytes / s.Occupancy.Bandwidth) + Latency) / compute;
        double level = Math.Max(1, Math.Round(Math.Log2(ratio) + 6));
        return level < StealableTasks.Levels ? (int)level : null;
    }
}
