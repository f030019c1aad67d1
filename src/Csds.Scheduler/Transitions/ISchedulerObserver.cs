namespace Csds.Scheduler;

/// <summary>Sees what Dask's scheduler plugins see, inside the core; must not move tasks.</summary>
internal interface ISchedulerObserver
{
    /// <summary>A client has submitted a graph: Dask's <c>SchedulerPlugin.update_graph</c>.</summary>
    /// <param name="requested">The tasks that the client wants.</param>
    void GraphSubmitted(IEnumerable<TaskState> requested);

    /// <summary>A task has moved: Dask's <c>SchedulerPlugin.transition</c>. The task knows where it has arrived.</summary>
    void Moved(TaskState ts, TaskStateName start, ref TransitionContext context);
}
