namespace Csds.Scheduler;

/// <summary>What it would cost to run a task on a worker (row S34).</summary>
public static class Costs
{
    /// <summary>Dask's <c>get_comm_cost</c>: seconds to bring the missing dependencies to the worker.</summary>
    public static double CommCost(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(s);
        return s.MissingBytes(ts, ws) / s.Occupancy.Bandwidth;
    }

    /// <summary>Bytes of the task's input that the worker does not hold.</summary>
    public static long MissingBytes(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        ArgumentNullException.ThrowIfNull(ws);
        long nbytes = 0;
        foreach (TaskState dts in ts.Dependencies)
        {
            if (!dts.WhoHas.Contains(ws))
            {
                nbytes += s.NBytesOf(dts);
            }
        }
        return nbytes;
    }

    /// <summary>Dask's <c>worker_objective</c>: expected start, then bytes held; the smallest is the best.</summary>
    public static Objective WorkerObjective(this SchedulerState s, TaskState ts, WorkerState ws) =>
        s.WorkerObjective(ts, ws, s.MissingBytes(ts, ws));

    /// <summary>The same where it is known how many bytes of the input the worker does not hold.</summary>
    public static Objective WorkerObjective(this SchedulerState s, TaskState ts, WorkerState ws, long missingBytes)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        ArgumentNullException.ThrowIfNull(ws);
        double start = (s.Occupancy.Of(ws) / ws.NThreads) + (missingBytes / s.Occupancy.Bandwidth);
        return new Objective(ts.Actor ? ws.Actors.Count : 0, start, ws.NBytes, ws.Rank);
    }
}
