namespace Csds.Scheduler;

/// <summary>Sees what Dask's scheduler plugins see, inside the core; must not move tasks.</summary>
internal interface ISchedulerObserver
{
    /// <summary>A client has submitted a graph: Dask's <c>SchedulerPlugin.update_graph</c>.</summary>
    /// <param name="requested">The tasks that the client wants.</param>
    void GraphSubmitted(IEnumerable<TaskState> requested);

    /// <summary>The same with everything that Dask tells plugins.</summary>
    /// <param name="client">The client.</param>
    /// <param name="touched">The tasks of the graph that are needed, known or new.</param>
    /// <param name="requested">The tasks that the client wants.</param>
    /// <param name="stimulusId">What caused it, as a token.</param>
    void GraphSubmitted(
        ClientState client, IEnumerable<TaskState> touched, IEnumerable<TaskState> requested, byte[] stimulusId) =>
        GraphSubmitted(requested);

    /// <summary>A task has moved: Dask's <c>SchedulerPlugin.transition</c>. The task knows where it has arrived.</summary>
    void Moved(TaskState ts, TaskStateName start, ref TransitionContext context);

    /// <summary>A worker has come: Dask's <c>SchedulerPlugin.add_worker</c>.</summary>
    void WorkerAdded(WorkerState ws)
    {
    }

    /// <summary>A worker has gone: Dask's <c>SchedulerPlugin.remove_worker</c>.</summary>
    void WorkerRemoved(WorkerState ws, byte[] stimulusId)
    {
    }

    /// <summary>A client has come: Dask's <c>SchedulerPlugin.add_client</c>.</summary>
    void ClientAdded(ClientState cs)
    {
    }

    /// <summary>A client has gone: Dask's <c>SchedulerPlugin.remove_client</c>.</summary>
    void ClientRemoved(ClientState cs)
    {
    }

    /// <summary>The cluster restarts: Dask's <c>SchedulerPlugin.restart</c>.</summary>
    void Restarted()
    {
    }
}
