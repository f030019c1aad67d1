using Csds.Protocol;

namespace Csds.Scheduler.Ordering;

/// <summary>Orders a graph as <c>dask.order.order</c> of a given release does.</summary>
public static class TaskOrder
{
    private static readonly DaskVersion CriticalPath = new(2023, 12, 1);
    private static readonly DaskVersion RootDegrees = new(2025, 5, 0);

    /// <summary>The priority of each task, 0 first.</summary>
    /// <param name="version">The release.</param>
    /// <param name="graph">The tasks and what they depend on.</param>
    /// <param name="keys">The keys of the tasks.</param>
    /// <param name="external">The keys that tasks depend on and that are not in the graph.</param>
    /// <exception cref="GraphCycleException">Tasks wait for each other.</exception>
    public static int[] Compute(DaskVersion version, OrderGraph graph, Key[] keys, Key[] external)
    {
        if (version < CriticalPath)
        {
            return LegacyOrder.Compute(graph, new KeyValueTies(keys));
        }
        OrderRelease release = version < RootDegrees ? OrderRelease.Dask2024 : OrderRelease.Dask2025;
        return DaskOrder.Compute(graph, new KeyTextTies(keys, external), release);
    }
}
