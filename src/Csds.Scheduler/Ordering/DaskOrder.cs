namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>dask.order.order</c> since 2023.12.1: a static order of a graph's tasks, in which one worker alone would hold
/// little data at a time. This is a port of Dask's algorithm (BSD 3-clause, github.com/dask/dask) to index arrays.
/// </summary>
/// <remarks>
/// The order follows a <em>critical path</em> from the roots (tasks that depend on nothing) to a leaf (tasks that
/// nothing depends on), and then one to the next leaf. Whatever becomes runnable beside it is walked to the next
/// reducer and placed where that frees memory. Where Dask walks through a set, nodes are taken by index, so that the
/// same graph has the same order in every process.
/// </remarks>
public static class DaskOrder
{
    /// <summary>
    /// The priority of each task, 0 first. As in Dask, final nodes that are no tasks come last with gaps between them.
    /// </summary>
    /// <param name="graph">The tasks and what they depend on.</param>
    /// <param name="ties">Compares the text of keys, see <see cref="KeyTextTies"/>.</param>
    /// <param name="release">Whose choice of the next leaf to follow.</param>
    /// <exception cref="GraphCycleException">Tasks wait for each other.</exception>
    public static int[] Compute(OrderGraph graph, KeyTies ties, OrderRelease release)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(ties);
        int[] priorities = new int[graph.TaskCount];
        Array.Fill(priorities, -1);
        var stripped = new StrippedGraph(graph, priorities);
        int[] order = Topology.Sort(stripped.Dependencies, stripped.Dependents);
        var keys = new SortKeys(stripped, order, ties);
        Array.Reverse(order);
        ConnectedEnds leaves = ConnectedEnds.Find(stripped.Dependents, stripped.Dependencies, order, keepFar: true);

        var state = new OrderState(graph, stripped, keys, priorities);
        Targets targets = release == OrderRelease.Dask2024
            ? new ConnectedLeafTargets(state, leaves)
            : new RootDegreeTargets(state, leaves);
        state.Targets = targets;
        new CriticalPath(state, targets).Run();
        state.EmitRest();
        return priorities;
    }
}
