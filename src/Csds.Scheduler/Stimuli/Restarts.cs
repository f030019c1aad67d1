using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The cluster starts anew, or some of its workers do (rows R12, R13, S48).</summary>
public static class Restarts
{
    /// <summary>
    /// The part of Dask's <c>restart</c> that concerns tasks: all of them are forgotten, and every client is told.
    /// </summary>
    public static void ForgetEverything(this SchedulerState s, byte[] stimulusId, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Outbox.Log(LogSeverity.Info, s.Options.Dialect.PackedGraphs
            ? "Restarting workers and releasing all keys."
            : $"Restarting workers and releasing all keys (stimulus_id='{Tokens.Text(stimulusId)}')");
        foreach (GraphArrival arrival in s.Arrivals)
        {
            arrival.Abandon();
        }
        foreach (ClientState cs in s.Clients.Values)
        {
            foreach (TaskState ts in cs.WantsWhat.ToArray())
            {
                ClientInterest.Release(s, cs, ts);
            }
        }
        // Nobody wants anything any more. What was kept all the same goes with the rest.
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            if (ts.Dependents.IsEmpty)
            {
                s.Recommendations.Add(ts, TaskStateName.Forgotten);
            }
        }
        s.RunRecommendations(stimulusId);
        s.Tasks.Clear();
        s.Coordination.Metadata.Clear();
        s.RefreshNoWorkersSince(now);
        foreach (ClientState cs in s.Clients.Values)
        {
            s.Outbox.To(cs).Restart();
        }
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.Restarted();
        }
        s.CheckInvariants();
    }

    /// <summary>
    /// The begin of Dask's <c>restart_workers</c>: workers without a nanny are removed, since nobody here can restart
    /// them. Answers the others.
    /// </summary>
    public static IReadOnlyList<WorkerState> BeginRestart(
        this SchedulerState s, IReadOnlyList<WorkerState> workers, byte[] stimulusId, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(workers);
        WorkerState[] lonely = [.. workers.Where(ws => ws.Registration.Nanny is null)];
        if (lonely.Length > 0 && !s.Options.Dialect.PackedGraphs)
        {
            string addresses = string.Join(", ", lonely.Select(ws => $"'{ws.Address}'"));
            s.Outbox.Log(
                LogSeverity.Warning,
                $"Workers [{addresses}] do not use a nanny and will be terminated without restarting them");
        }
        foreach (WorkerState ws in lonely)
        {
            s.RemoveWorker(ws, stimulusId, expected: false, close: true, now);
        }
        return [.. workers.Where(ws => ws.Registration.Nanny is not null)];
    }
}
