namespace Csds.Scheduler.Ordering;

/// <summary>What the parts of dask.order share while tasks get their places.</summary>
internal sealed class OrderState
{
    private readonly OrderGraph whole;
    private readonly int[] priorities;
    private readonly bool[] emitted;
    private readonly Stack<int> next = new();
    private readonly Stack<int> data = new();
    private int place;

    internal OrderState(OrderGraph whole, StrippedGraph graph, SortKeys keys, int[] priorities)
    {
        this.whole = whole;
        this.priorities = priorities;
        Graph = graph;
        Keys = keys;
        emitted = new bool[whole.NodeCount];
        InRunnableHull = new bool[graph.Count];
        ReachableHull = new IndexSet(graph.Count);
        Leaves = new IndexSet(graph.Count);
        NumNeeded = new int[graph.Count];
        Left = whole.NodeCount - graph.RemovedLeaves;
        for (int node = 0; node < graph.Count; node++)
        {
            NumNeeded[node] = graph.Dependencies.Length(node);
            if (graph.Dependents.Length(node) == 0)
            {
                Leaves.Add(node);
            }
        }
    }

    internal StrippedGraph Graph { get; }

    internal SortKeys Keys { get; }

    /// <summary>Told of what happens to roots and leaves.</summary>
    internal Targets? Targets { get; set; }

    /// <summary><c>num_needed</c>: dependencies without a place.</summary>
    internal int[] NumNeeded { get; }

    /// <summary><c>leaf_nodes</c>: final nodes without a place.</summary>
    internal IndexSet Leaves { get; }

    /// <summary><c>reachable_hull</c>: nodes without a place of which a dependency has one.</summary>
    internal IndexSet ReachableHull { get; }

    /// <summary><c>runnable_hull</c>: nodes that need nothing but what paths walked so far give them.</summary>
    internal bool[] InRunnableHull { get; }

    /// <summary><c>runnable</c>: nodes that have become ready and that nothing was decided about.</summary>
    internal List<int> Runnable { get; private set; } = [];

    /// <summary>How many nodes have no place yet.</summary>
    internal int Left { get; private set; }

    internal bool IsEmitted(int node) => emitted[Graph.Original(node)];

    /// <summary>Gives away the list of runnable nodes for <paramref name="empty"/>.</summary>
    internal List<int> TakeRunnable(List<int> empty)
    {
        (List<int> taken, Runnable) = (Runnable, empty);
        return taken;
    }

    /// <summary><c>add_to_result</c>: the node, and whatever waits for it alone, takes the next place.</summary>
    internal void Emit(int node)
    {
        next.Push(node);
        while (next.TryPop(out int item))
        {
            InRunnableHull[item] = false;
            ReachableHull.Remove(item);
            Leaves.Remove(item);
            int original = Graph.Original(item);
            if (emitted[original])
            {
                continue;
            }
            EmitWithData(original);
            if (Graph.Dependencies.Length(item) == 0)
            {
                Targets?.RootEmitted(item);
            }
            ReadOnlySpan<int> dependents = Graph.Dependents[item];
            foreach (int dependent in dependents)
            {
                ReachableHull.Add(dependent);
                NumNeeded[dependent]--;
                if (Graph.Dependents.Length(dependent) == 0)
                {
                    bool isFirst = NumNeeded[dependent] == Graph.Dependencies.Length(dependent) - 1;
                    Targets?.LeafAdvanced(dependent, isFirst);
                }
                if (NumNeeded[dependent] != 0)
                {
                    continue;
                }
                if (dependents.Length == 1)
                {
                    next.Push(dependent);
                }
                else
                {
                    Runnable.Add(dependent);
                }
            }
        }
    }

    /// <summary>
    /// Places what has none. That never happens with a graph that Dask can order; there it would be an exception.
    /// </summary>
    internal void EmitRest()
    {
        for (int node = 0; node < priorities.Length; node++)
        {
            if (!emitted[node] && priorities[node] < 0)
            {
                Place(node);
            }
        }
    }

    /// <summary>Places a node of the whole graph behind the data that it embeds.</summary>
    private void EmitWithData(int original)
    {
        data.Push(original);
        while (data.TryPeek(out int node))
        {
            int embedded = emitted[node] ? -1 : NextData(node);
            if (embedded >= 0)
            {
                data.Push(embedded);
                continue;
            }
            data.Pop();
            if (!emitted[node])
            {
                Place(node);
            }
        }
    }

    private int NextData(int original)
    {
        if (Graph.HasSharedData)
        {
            foreach (int dependency in whole.Dependencies[original])
            {
                if (Graph.IsSharedData(dependency) && !emitted[dependency])
                {
                    return dependency;
                }
            }
        }
        return -1;
    }

    private void Place(int original)
    {
        emitted[original] = true;
        Left--;
        // A key that is not in the graph stands in the order without taking a place.
        if (original < priorities.Length)
        {
            priorities[original] = place++;
        }
    }
}
