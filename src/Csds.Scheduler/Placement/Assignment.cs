namespace Csds.Scheduler;

/// <summary>Which worker has which task to run, with everything that is counted along with it.</summary>
internal static class Assignment
{
    /// <summary>Gives the task to the worker.</summary>
    internal static void Add(SchedulerState s, TaskState ts, WorkerState ws)
    {
        ws.Processing.Add(ts);
        s.ProcessingCount++;
        ts.ProcessingOn = ws;
        s.Occupancy.Count(ws, ts.Prefix, +1);
        ws.ExpectNeeds(ts.Dependencies.Count);
        foreach (TaskState dts in ts.Dependencies)
        {
            if (!dts.WhoHas.Contains(ws))
            {
                s.Occupancy.AddNetwork(ws.AddNeed(dts, s.NBytesOf(dts)));
            }
        }
        UseResources(ts, ws, +1);
        s.Stealing.Put(ts);
        s.CheckIdleSaturated(ws);
    }

    /// <summary>Takes the task from the worker; false if the worker is gone.</summary>
    internal static bool Remove(SchedulerState s, TaskState ts, WorkerState ws)
    {
        s.Stealing.Leave(ts, ws);
        ts.ProcessingOn = null;
        ws.Processing.Remove(ts);
        s.ProcessingCount--;
        if (ts.LongRunning)
        {
            ts.LongRunning = false;
            ws.LongRunningCount--;
        }
        else
        {
            s.Occupancy.Count(ws, ts.Prefix, -1);
        }
        foreach (TaskState dts in ts.Dependencies)
        {
            s.Occupancy.AddNetwork(-ws.DropNeed(dts));
        }
        if (ws.Status == WorkerStatus.Closed)
        {
            return false;
        }
        UseResources(ts, ws, -1);
        s.CheckIdleSaturated(ws);
        return true;
    }

    /// <summary>The task has seceded: it still runs, but counts for nothing (row WS5).</summary>
    internal static void Secede(SchedulerState s, TaskState ts, WorkerState ws)
    {
        if (!ts.LongRunning)
        {
            WorkStealing.Remove(ts, ws);
            ts.LongRunning = true;
            ws.LongRunningCount++;
            s.Occupancy.Count(ws, ts.Prefix, -1);
        }
        s.CheckIdleSaturated(ws);
    }

    private static void UseResources(TaskState ts, WorkerState ws, int sign)
    {
        if (ts.Details?.ResourceRestrictions is { } resources)
        {
            foreach ((string name, double amount) in resources.Amounts)
            {
                ws.UsedResources[name] = ws.UsedResources.GetValueOrDefault(name) + (sign * amount);
            }
        }
    }
}
