using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Data that came from outside (rows CS12, R8, R27).</summary>
public static class ScatteredData
{
    /// <summary>Dask's <c>update_data</c>. Holders that are gone are left out; a key that then has none is not created.</summary>
    public static void UpdateData(this SchedulerState s, UpdateData data, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(data);
        s.Now = now;
        foreach ((Key key, IReadOnlyList<string> addresses) in data.WhoHas)
        {
            WorkerState[] holders = [.. addresses.Select(a => s.Workers.TryGet(a, out WorkerState? ws) ? ws : null).OfType<WorkerState>()];
            if (holders.Length == 0)
            {
                s.CountStale("update-data");
                continue;
            }
            Register(s, key, holders, data.NBytes.TryGetValue(key, out long nbytes) ? nbytes : -1);
        }
        if (data.Client is { } client)
        {
            Want(s, client, data);
        }
        // Only now: what nobody wants might go at once.
        byte[] stimulus = s.Stimulus("update-data");
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
        s.CheckInvariants();
    }

    private static void Want(SchedulerState s, string client, UpdateData data)
    {
        ILookup<bool, Key> byKnown = data.WhoHas.Select(p => p.Key).ToLookup(key => s.Tasks.Find(key) is not null);
        if (!s.Clients.TryGetValue(client, out ClientState? cs))
        {
            s.CountStale("update-data");
            GiveUp(s, byKnown[true]);
            return;
        }
        s.ClientDesiresKeys(byKnown[true], client);
        if (byKnown[false].Any())
        {
            s.Outbox.To(cs).CancelledKeys([.. byKnown[false]], s.Options.Dialect, "lost data");
        }
    }

    // The client is gone by now: nobody will ever release its data.
    private static void GiveUp(SchedulerState s, IEnumerable<Key> keys)
    {
        foreach (TaskState ts in keys.Select(s.Tasks.Find).OfType<TaskState>())
        {
            if (!ts.IsHeld && ts.Dependents.IsEmpty)
            {
                s.Recommendations.Add(ts, TaskStateName.Forgotten);
            }
        }
    }

    private static void Register(SchedulerState s, Key key, WorkerState[] holders, long nbytes)
    {
        TaskState ts = s.Tasks.GetOrCreate(key, out _);
        if (ts.State != TaskStateName.Memory)
        {
            Arrive(s, ts);
        }
        s.SetNBytes(ts, nbytes);
        foreach (WorkerState ws in holders)
        {
            s.AddReplica(ts, ws);
        }
        foreach (ClientState cs in ts.WhoWants)
        {
            s.Outbox.To(cs).KeyInMemory(ts);
        }
        Propagation.RecommendDependents(s, ts);
    }

    // The data simply is there, whatever the task was about to do: a run that goes on somewhere is given up, and what
    // it would have read can go. Its dependents wait for nothing but the next step.
    private static void Arrive(SchedulerState s, TaskState ts)
    {
        var context = new TransitionContext { StimulusId = s.Stimulus("update-data") };
        s.Transition(ts, TaskStateName.Released, ref context);
        s.Recommendations.Remove(ts);
        Propagation.LeaveDependencies(s, ts);
        ts.Waiters.Clear();
        foreach (TaskState dts in ts.Dependents)
        {
            if (dts.WaitingOn.Contains(ts))
            {
                ts.Waiters.Add(dts);
            }
        }
        ts.RunId = -1; // A result of the run that was given up is no replica: its worker will drop it.
        ts.SetState(TaskStateName.Memory);
    }
}
