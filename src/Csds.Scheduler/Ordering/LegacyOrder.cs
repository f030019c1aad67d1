namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>dask.order.order</c> until 2023.12.0, among them Debian 12's 2022.12.1: a depth-first order that works towards
/// small goals with big steps. This is a port of Dask's algorithm (BSD 3-clause, github.com/dask/dask) to index arrays.
/// </summary>
/// <remarks>
/// Where Dask walks through a set, tasks are taken by index, so that the same graph has the same order in every
/// process. In one place, where Dask gives up sorting from 10 000 on, this keeps sorting: which of many independent
/// parts of a graph comes next.
/// </remarks>
public static class LegacyOrder
{
    /// <summary>The priority of each task, 0 first.</summary>
    /// <param name="graph">
    /// The tasks and what they depend on. External keys play no part: Dask's scheduler strips them off.
    /// </param>
    /// <param name="ties">Compares keys as Python's <c>&lt;</c> does, see <see cref="KeyValueTies"/>.</param>
    /// <exception cref="GraphCycleException">Tasks wait for each other.</exception>
    public static int[] Compute(OrderGraph graph, KeyTies ties)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(ties);
        if (graph.TaskCount == 0)
        {
            return [];
        }
        (Rows dependencies, Rows dependents) = graph.WithoutExternal();
        int[] order = Topology.Sort(dependencies, dependents);
        LegacyMetrics metrics = LegacyMetrics.Of(dependencies, dependents, order);
        var state = new LegacyState(dependencies, dependents.Copy(), metrics, ties);
        new LegacyWalk(state).Run();
        return state.Priorities;
    }
}
