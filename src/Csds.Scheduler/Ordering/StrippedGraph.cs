namespace Csds.Scheduler.Ordering;

/// <summary>
/// A graph without what Dask orders on the side: final nodes that are no tasks but only collect others, and data that
/// several tasks embed. The nodes that stay are numbered anew, in the same order.
/// </summary>
internal sealed class StrippedGraph
{
    private readonly OrderGraph whole;
    private readonly bool[]? isSharedData;
    private readonly int[]? originals;
    private readonly int[]? indices;

    /// <summary>
    /// Strips <paramref name="whole"/> and puts the priorities of final nodes taken away into
    /// <paramref name="priorities"/>.
    /// </summary>
    internal StrippedGraph(OrderGraph whole, int[] priorities)
    {
        this.whole = whole;
        Dependencies = whole.Dependencies;
        Dependents = whole.Dependents;
        if (!HasData())
        {
            return;
        }
        isSharedData = new bool[whole.NodeCount];
        indices = new int[whole.NodeCount];
        RemovedLeaves = Strip(priorities);
        int count = 0;
        for (int node = 0; node < indices.Length; node++)
        {
            indices[node] = indices[node] < 0 ? -1 : count++;
        }
        originals = new int[count];
        for (int node = 0; node < indices.Length; node++)
        {
            if (indices[node] >= 0)
            {
                originals[indices[node]] = node;
            }
        }
        Dependencies = whole.Dependencies.Select(indices, count);
        Dependents = whole.Dependents.Select(indices, count);
    }

    /// <summary>Dependencies among the nodes that stay.</summary>
    internal Rows Dependencies { get; }

    /// <summary>Dependents among the nodes that stay.</summary>
    internal Rows Dependents { get; }

    /// <summary>Number of final nodes taken away.</summary>
    internal int RemovedLeaves { get; }

    /// <summary>Number of nodes that stay.</summary>
    internal int Count => Dependencies.Count;

    /// <summary>The index in the whole graph.</summary>
    internal int Original(int node) => originals is null ? node : originals[node];

    /// <summary>Whether anything was taken away as data that several tasks embed.</summary>
    internal bool HasSharedData { get; private set; }

    /// <summary>
    /// Whether a node, by its index in the whole graph, was taken away as data that several tasks embed.
    /// </summary>
    internal bool IsSharedData(int original) => isSharedData is not null && isSharedData[original];

    /// <summary>Ties for the nodes that stay.</summary>
    internal KeyTies Ties(KeyTies ties) => originals is null ? ties : new RenumberedTies(ties, originals, indices!);

    private bool HasData()
    {
        for (int node = 0; node < whole.NodeCount; node++)
        {
            if (whole.IsData(node))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Marks what goes with -1 in <see cref="indices"/>; gives the number of final nodes among it.</summary>
    private int Strip(int[] priorities)
    {
        // A node that is looked at and stays would stay forever: it can only lose dependencies and dependents. So a
        // pass looks only at those that the pass before brought to an end of the graph.
        var dependencyCounts = new int[whole.NodeCount];
        var dependentCounts = new int[whole.NodeCount];
        var leaves = new List<int>();
        var roots = new List<int>();
        for (int node = 0; node < whole.NodeCount; node++)
        {
            dependencyCounts[node] = Dependencies.Length(node);
            dependentCounts[node] = Dependents.Length(node);
            if (dependentCounts[node] == 0)
            {
                leaves.Add(node);
            }
            if (dependencyCounts[node] == 0)
            {
                roots.Add(node);
            }
        }
        int removed = 0;
        int left = whole.NodeCount;
        for (bool again = true; again;)
        {
            again = false;
            List<int> found = [];
            foreach (int leaf in leaves)
            {
                if (whole.IsData(leaf) && dependencyCounts[leaf] > 1)
                {
                    again = true;
                    if (leaf < priorities.Length)
                    {
                        priorities[leaf] = left - 1 - removed;
                    }
                    removed++;
                    left--;
                    indices![leaf] = -1;
                    Detach(Dependencies[leaf], dependentCounts, found);
                }
            }
            found.Sort();
            leaves = found;

            found = [];
            foreach (int root in roots)
            {
                if (whole.IsData(root) && dependentCounts[root] > 1)
                {
                    left--;
                    indices![root] = -1;
                    isSharedData![root] = HasSharedData = true;
                    Detach(Dependents[root], dependencyCounts, found);
                }
            }
            found.Sort();
            roots = found;
        }
        return removed;
    }

    /// <summary>
    /// Counts one neighbour less for each node of a row that is still there, and collects those without any.
    /// </summary>
    private void Detach(ReadOnlySpan<int> row, int[] counts, List<int> ends)
    {
        foreach (int node in row)
        {
            if (indices![node] >= 0 && --counts[node] == 0)
            {
                ends.Add(node);
            }
        }
    }

    private sealed class RenumberedTies(KeyTies ties, int[] originals, int[] indices) : KeyTies
    {
        public override int Compare(int x, int y) => ties.Compare(originals[x], originals[y]);

        public override void Sort(Span<int> nodes)
        {
            foreach (ref int node in nodes)
            {
                node = originals[node];
            }
            ties.Sort(nodes);
            foreach (ref int node in nodes)
            {
                node = indices[node];
            }
        }
    }
}
