namespace Csds.Scheduler.Ordering;

/// <summary><c>get_target</c>: chooses the leaf that the order works towards next.</summary>
internal abstract class Targets
{
    private readonly int[] sorted;
    private readonly int[] ranks;
    private int first;
    private int last;

    /// <summary>Sorts the leaves and decides which end of them is the better one.</summary>
    protected Targets(OrderState state, ConnectedEnds leavesOfRoots)
    {
        State = state;
        LeavesOfRoots = leavesOfRoots;
        LongestPath = UseLongestPath(state.Graph, state.Leaves.Count, leavesOfRoots);
        sorted = state.Leaves.Items.ToArray();
        Array.Sort(sorted);
        state.Keys.Sort(sorted);
        last = sorted.Length;
        ranks = new int[leavesOfRoots.Ends.Length];
        for (int rank = 0; rank < sorted.Length; rank++)
        {
            ranks[Place(sorted[rank])] = rank;
        }
    }

    protected OrderState State { get; }

    protected ConnectedEnds LeavesOfRoots { get; }

    /// <summary>Whether to begin with the leaf that depends on most.</summary>
    protected bool LongestPath { get; }

    /// <summary>The leaves by their sort key, with those that have a place by now.</summary>
    protected ReadOnlySpan<int> Sorted => sorted;

    /// <summary>The next target; -1 if there are no more leaves.</summary>
    internal abstract int Next();

    /// <summary>Notes that a root got its place.</summary>
    internal abstract void RootEmitted(int root);

    /// <summary>Notes that a leaf waits for one dependency less, and whether it got its first one.</summary>
    internal abstract void LeafAdvanced(int leaf, bool isFirst);

    /// <summary>The place of a leaf in trees.</summary>
    protected int Place(int leaf) => LeavesOfRoots.NumberOf(leaf);

    /// <summary>The place of a leaf among the sorted leaves.</summary>
    protected int Rank(int leaf) => ranks[Place(leaf)];

    /// <summary>A tree with a number for each leaf.</summary>
    protected LeafTree Tree(Func<int, int> number)
    {
        int[] numbers = new int[ranks.Length];
        for (int place = 0; place < numbers.Length; place++)
        {
            numbers[place] = number(LeavesOfRoots.Ends[place]);
        }
        return new LeafTree(numbers, ranks);
    }

    /// <summary>The largest leaf not taken yet, whether it has a place by now or not.</summary>
    protected int TakeLargest() => first < last ? sorted[--last] : -1;

    /// <summary>The smallest leaf not taken yet, whether it has a place by now or not.</summary>
    protected int TakeSmallest() => first < last ? sorted[first++] : -1;

    /// <summary>
    /// <c>use_longest_path</c>: graphs that shrink or grow a lot gain from a classic critical path, and so do those in
    /// which all roots lead to equally many leaves.
    /// </summary>
    private static bool UseLongestPath(StrippedGraph graph, int leafCount, ConnectedEnds leavesOfRoots)
    {
        int rootCount = 0;
        for (int node = 0; node < graph.Count; node++)
        {
            rootCount += graph.Dependencies.Length(node) == 0 ? 1 : 0;
        }
        if (rootCount == 0 || !(Math.Abs(rootCount - leafCount) / (double)rootCount < 0.8))
        {
            return true;
        }
        int size = 0;
        for (int node = 0; node < graph.Count; node++)
        {
            if (graph.Dependencies.Length(node) != 0)
            {
                continue;
            }
            if (size == 0)
            {
                size = leavesOfRoots.Counts[node];
            }
            else if (size != leavesOfRoots.Counts[node])
            {
                return false;
            }
        }
        return true;
    }
}
