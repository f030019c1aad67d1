namespace Csds.Scheduler;

/// <summary>Dask's <c>is_rootish</c> (row S33).</summary>
public static class Rootish
{
    /// <summary>
    /// Whether a task may be held back in the queue at all (row S30): there is one, and neither its restrictions nor the
    /// task itself speak against it. The queue's head holds up all behind it, so what few workers can run never waits there.
    /// </summary>
    public static bool MayQueue(this SchedulerState s, TaskState ts)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        return ts.Queueable && !ts.IsRestricted && !double.IsInfinity(s.Options.WorkerSaturation);
    }

    /// <summary>
    /// Whether a task belongs to a group that is much larger than the cluster and has few or no dependencies.
    /// Depends on the group's size at the moment: all tasks of a graph are registered before any is dispatched.
    /// </summary>
    public static bool IsRootish(this SchedulerState s, TaskState ts)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        if (ts.IsRestricted)
        {
            return false;
        }
        if (ts.DataProducer)
        {
            return true;
        }
        TaskGroup tg = ts.Group;
        if (tg.Size <= 2 * s.Workers.TotalNThreads || tg.Dependencies.Count >= s.Options.RootishTaskGroup)
        {
            return false;
        }
        long size = 0;
        foreach (TaskGroup dependency in tg.Dependencies)
        {
            size += dependency.Size;
        }
        return size < s.Options.RootishTaskGroupDependencies;
    }
}
