namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>sort_key</c> of dask.order since 2023.12: total dependencies, dependencies, connected roots, most dependents of a
/// connected root (many first), and last the key's text.
/// </summary>
internal sealed class SortKeys : IComparer<int>
{
    /// <summary>From here on, sorting by numbers first and only then by text pays.</summary>
    private const int ManyNodes = 256;

    private readonly long[] totals;
    private readonly int[] connectedRoots;
    private readonly int[] maxDependents;
    private readonly Rows dependencies;
    private readonly KeyTies ties;

    internal SortKeys(StrippedGraph graph, int[] order, KeyTies ties)
    {
        dependencies = graph.Dependencies;
        this.ties = graph.Ties(ties);
        totals = TotalDependencies.Of(dependencies, order);
        connectedRoots = ConnectedEnds.Find(dependencies, graph.Dependents, order, keepFar: false).Counts;
        maxDependents = MaxDependents(graph, order);
    }

    /// <summary>How many roots a node is connected to; none if it is one itself.</summary>
    internal int ConnectedRoots(int node) => connectedRoots[node];

    /// <inheritdoc/>
    public int Compare(int x, int y)
    {
        int byNumbers = CompareNumbers(x, y);
        return byNumbers != 0 || x == y ? byNumbers : ties.Compare(x, y);
    }

    /// <summary>Python's <c>sorted</c>; nodes whose keys print alike are sorted by index.</summary>
    internal void Sort(Span<int> nodes)
    {
        if (nodes.Length < ManyNodes)
        {
            StableSort.Sort(nodes, new ThenByIndex(this));
            return;
        }
        nodes.Sort(new ByNumbers(this));
        for (int start = 0, end; start < nodes.Length; start = end)
        {
            end = start + 1;
            while (end < nodes.Length && CompareNumbers(nodes[start], nodes[end]) == 0)
            {
                end++;
            }
            if (end - start > 1)
            {
                ties.Sort(nodes[start..end]);
            }
        }
    }

    /// <summary>Python's <c>max</c> of an ascending row: of equals the first.</summary>
    internal int Max(ReadOnlySpan<int> row)
    {
        int max = row[0];
        foreach (int node in row[1..])
        {
            if (Compare(node, max) > 0)
            {
                max = node;
            }
        }
        return max;
    }

    private int CompareNumbers(int x, int y)
    {
        if (totals[x] != totals[y])
        {
            return totals[x] < totals[y] ? -1 : 1;
        }
        int difference = dependencies.Length(x) - dependencies.Length(y);
        if (difference == 0)
        {
            difference = connectedRoots[x] - connectedRoots[y];
        }
        return difference != 0 ? difference : maxDependents[y] - maxDependents[x];
    }

    private static int[] MaxDependents(StrippedGraph graph, int[] order)
    {
        int[] max = new int[graph.Count];
        foreach (int node in order)
        {
            ReadOnlySpan<int> row = graph.Dependencies[node];
            max[node] = row.IsEmpty ? graph.Dependents.Length(node) : 0;
            foreach (int dependency in row)
            {
                max[node] = Math.Max(max[node], max[dependency]);
            }
        }
        return max;
    }

    private readonly struct ThenByIndex(SortKeys keys) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            int byKey = keys.Compare(x, y);
            return byKey != 0 ? byKey : x.CompareTo(y);
        }
    }

    private readonly struct ByNumbers(SortKeys keys) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            int byNumbers = keys.CompareNumbers(x, y);
            return byNumbers != 0 ? byNumbers : x.CompareTo(y);
        }
    }
}
