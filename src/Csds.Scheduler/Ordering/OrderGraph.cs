namespace Csds.Scheduler.Ordering;

/// <summary>
/// The graph that <c>dask.order.order</c> is to order, by index: a task's index is its place in Dask's dict of tasks.
/// </summary>
public sealed class OrderGraph
{
    private readonly bool[]? isData;

    /// <summary>
    /// Task i depends on <paramref name="targets"/> from <paramref name="offsets"/>[i] to
    /// <paramref name="offsets"/>[i + 1]; in which order does not matter. Indices from the number of tasks on are keys
    /// that are not in the graph, <paramref name="externalCount"/> of them. <paramref name="isData"/> tells which tasks
    /// are not <c>istask</c> to Dask: a <c>DataNode</c>; none when null.
    /// </summary>
    public OrderGraph(int[] offsets, int[] targets, int externalCount = 0, bool[]? isData = null)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentOutOfRangeException.ThrowIfNegative(externalCount);
        if (offsets.Length == 0 || offsets[0] != 0 || offsets[^1] != targets.Length)
        {
            throw new ArgumentException("offsets do not span the targets", nameof(offsets));
        }
        if (isData is not null && isData.Length != offsets.Length - 1)
        {
            throw new ArgumentException("one flag per task", nameof(isData));
        }
        TaskCount = offsets.Length - 1;
        ExternalCount = externalCount;
        this.isData = isData;
        Dependents = Rows.Transpose(offsets, targets, NodeCount);
        Dependencies = Dependents.Transpose();
    }

    /// <summary>Number of tasks; each gets a priority.</summary>
    public int TaskCount { get; }

    /// <summary>Number of keys that tasks depend on and that are not in the graph.</summary>
    public int ExternalCount { get; }

    internal int NodeCount => TaskCount + ExternalCount;

    internal Rows Dependencies { get; }

    internal Rows Dependents { get; }

    /// <summary>
    /// Not <c>istask(dsk[key])</c>; Dask puts a <c>DataNode</c> in the place of a key that it does not find.
    /// </summary>
    internal bool IsData(int node) => node >= TaskCount || (isData is not null && isData[node]);

    /// <summary>Dependencies and dependents among the tasks alone.</summary>
    internal (Rows Dependencies, Rows Dependents) WithoutExternal()
    {
        if (ExternalCount == 0)
        {
            return (Dependencies, Dependents);
        }
        int[] index = new int[NodeCount];
        for (int node = 0; node < index.Length; node++)
        {
            index[node] = node < TaskCount ? node : -1;
        }
        return (Dependencies.Select(index, TaskCount), Dependents.Select(index, TaskCount));
    }
}
