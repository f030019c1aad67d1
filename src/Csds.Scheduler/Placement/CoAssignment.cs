namespace Csds.Scheduler;

/// <summary>Remembers which worker the next tasks of a group go to (row S31).</summary>
internal static class CoAssignment
{
    /// <summary>Records what a placement means for the tasks that follow.</summary>
    internal static void Apply(this SchedulerState s, Placement placement, TaskState ts)
    {
        if (!placement.CoAssigned)
        {
            return;
        }
        TaskGroup tg = ts.Group;
        WorkerState ws = placement.Worker!;
        if (!ReferenceEquals(tg.LastWorker, ws) || tg.LastWorkerTasksLeft == 0)
        {
            tg.LastWorkerTasksLeft = (int)Math.Floor((double)tg.Size / s.Workers.TotalNThreads * ws.NThreads);
        }
        // Forgotten with the group's last task.
        bool more = tg.CountOf(TaskStateName.Released) + tg.CountOf(TaskStateName.Waiting) > 1;
        tg.LastWorker = more ? ws : null;
        tg.LastWorkerTasksLeft--;
    }
}
