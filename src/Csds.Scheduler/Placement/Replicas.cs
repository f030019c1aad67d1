namespace Csds.Scheduler;

/// <summary>Which worker holds which result, and how large it is.</summary>
internal static class Replicas
{
    /// <summary>The size of a result as reported; negative: unknown.</summary>
    internal static void SetNBytes(this SchedulerState s, TaskState ts, long nbytes)
    {
        if (nbytes >= 0)
        {
            ts.SetNBytes(nbytes, s.Options.DefaultDataSize);
        }
    }

    /// <summary>A worker holds a replica.</summary>
    internal static void AddReplica(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        if (!ts.WhoHas.Add(ws))
        {
            return;
        }
        long nbytes = s.NBytesOf(ts);
        s.Occupancy.AddNetwork(-ws.EndNeed(ts));
        ws.NBytes += nbytes;
        ws.HasWhat.Add(ts);
        if (ts.WhoHas.Count == 2)
        {
            s.ReplicatedTasks.Add(ts);
        }
    }

    /// <summary>A worker holds a replica no longer.</summary>
    internal static void RemoveReplica(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        if (!ts.WhoHas.Remove(ws))
        {
            return;
        }
        ws.NBytes -= s.NBytesOf(ts);
        ws.HasWhat.Remove(ts);
        if (ts.WhoHas.Count == 1)
        {
            s.ReplicatedTasks.Remove(ts);
        }
    }

    /// <summary>No worker holds a replica any longer.</summary>
    internal static void RemoveAllReplicas(this SchedulerState s, TaskState ts)
    {
        long nbytes = s.NBytesOf(ts);
        foreach (WorkerState ws in ts.WhoHas)
        {
            ws.NBytes -= nbytes;
            ws.HasWhat.Remove(ts);
        }
        if (ts.WhoHas.Count > 1)
        {
            s.ReplicatedTasks.Remove(ts);
        }
        ts.WhoHas.Clear();
    }
}
