namespace Csds.Scheduler;

/// <summary>
/// Asks workers to take in or to drop replicas, without an answer: Dask's <c>request_acquire_replicas</c> and
/// <c>request_remove_replicas</c> (rows SW3, SW4).
/// </summary>
internal static class ReplicaRequests
{
    /// <summary>The worker fetches these results from their holders, and reports by add-keys.</summary>
    internal static void RequestAcquireReplicas(
        this SchedulerState s, WorkerState ws, IReadOnlyList<TaskState> tasks, byte[] stimulusId) =>
        s.Outbox.To(ws).AcquireReplicas(tasks, stimulusId);

    /// <summary>
    /// The worker drops these replicas, which are never the last. They count as gone at once; a worker that still needs
    /// one reports it by add-keys.
    /// </summary>
    internal static void RequestRemoveReplicas(
        this SchedulerState s, WorkerState ws, IReadOnlyList<TaskState> tasks, byte[] stimulusId)
    {
        foreach (TaskState ts in tasks)
        {
            s.RemoveReplica(ts, ws);
        }
        s.Outbox.To(ws).RemoveReplicas([.. tasks.Select(ts => ts.Key)], stimulusId);
    }
}
