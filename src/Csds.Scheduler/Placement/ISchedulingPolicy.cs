namespace Csds.Scheduler;

/// <summary>
/// Decides where tasks run. A policy reads the live state and returns a decision; it keeps no copy of the graph and
/// cannot change anything.
/// </summary>
public interface ISchedulingPolicy
{
    /// <summary>The name by which it is chosen.</summary>
    string Name { get; }

    /// <summary>
    /// A graph has come: in which order its tasks should run, by number in the graph, smaller first. It becomes the last
    /// element of their priorities, behind the user's priority and the number of the submission. Without another wish it
    /// is <c>dask.order</c>'s, which is empty if the client has said the order itself.
    /// </summary>
    int[] Order(GraphMaterialized graph) => graph.Order;

    /// <summary>A task has become ready: a worker, or queued, or no worker at all.</summary>
    Placement DecideWorker(SchedulerState state, TaskState task);

    /// <summary>A queued task may go: a worker, or null to leave it queued.</summary>
    WorkerState? DecideQueued(SchedulerState state, TaskState task);

    /// <summary>A worker came or changed, for a task that had none: a worker, or null to leave it.</summary>
    WorkerState? DecideUnrunnable(SchedulerState state, TaskState task);
}
