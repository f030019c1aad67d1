namespace Csds.Scheduler;

/// <summary>What it would cost to run a task on a worker (row S34).</summary>
public static class Costs
{
    /// <summary>Dask's <c>get_comm_cost</c>: seconds to bring the missing dependencies to the worker.</summary>
    public static double CommCost(this SchedulerState s, TaskState ts, WorkerState ws)
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
        return nbytes / s.Occupancy.Bandwidth;
    }

    /// <summary>Dask's <c>worker_objective</c>: expected start, then bytes held; the smallest is the best.</summary>
    public static Objective WorkerObjective(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        ArgumentNullException.ThrowIfNull(ws);
        double start = (s.Occupancy.Of(ws) / ws.NThreads) + s.CommCost(ts, ws);
        return new Objective(ts.Actor ? ws.Actors.Count : 0, start, ws.NBytes, ws.Rank);
    }
}

/// <summary>How good a worker is for a task: compared from left to right, smaller is better.</summary>
/// <param name="Actors">Actors on the worker, for an actor; else 0.</param>
/// <param name="StartTime">Seconds until the task could start.</param>
/// <param name="NBytes">Bytes that the worker holds.</param>
/// <param name="Rank">Place by address: the last word, so that equal inputs give equal decisions.</param>
public readonly record struct Objective(int Actors, double StartTime, long NBytes, int Rank) : IComparable<Objective>
{
    /// <inheritdoc/>
    public int CompareTo(Objective other)
    {
        int result = Actors.CompareTo(other.Actors);
        if (result == 0)
        {
            result = StartTime.CompareTo(other.StartTime);
        }
        if (result == 0)
        {
            result = NBytes.CompareTo(other.NBytes);
        }
        return result != 0 ? result : Rank.CompareTo(other.Rank);
    }

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(Objective left, Objective right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(Objective left, Objective right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(Objective left, Objective right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(Objective left, Objective right) => left.CompareTo(right) >= 0;
}
