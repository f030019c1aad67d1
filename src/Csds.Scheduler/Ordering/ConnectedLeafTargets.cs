namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>get_target</c> of 2024.11.0 to 2025.4.1: a leaf connected to the roots that are loaded already.
/// </summary>
internal sealed class ConnectedLeafTargets : Targets
{
    /// <summary><c>leafs_connected_to_loaded_roots</c>; leaves stay in it when they get their place.</summary>
    private readonly IndexSet connected;
    private readonly List<int> processedRoots = [];

    /// <summary>For each number of a leaf the next one, itself included, that no run has brought yet.</summary>
    private readonly int[] nextNew;
    private readonly List<int> brought = [];

    /// <summary>What leaves wait for that have an input; the others are gone.</summary>
    private readonly LeafTree reachable;
    private readonly List<int> newlyReachable = [];

    /// <summary>What all leaves wait for, once that was asked.</summary>
    private LeafTree? all;

    internal ConnectedLeafTargets(OrderState state, ConnectedEnds leavesOfRoots)
        : base(state, leavesOfRoots)
    {
        reachable = Tree(_ => LeafTree.Gone);
        connected = new IndexSet(state.Graph.Count);
        nextNew = new int[leavesOfRoots.Ends.Length + 1];
        for (int number = 0; number < nextNew.Length; number++)
        {
            nextNew[number] = number;
        }
    }

    internal override void RootEmitted(int root) => processedRoots.Add(root);

    internal override void LeafAdvanced(int leaf, bool isFirst)
    {
        all?.Add(Place(leaf), -1);
        reachable.Add(Place(leaf), isFirst ? State.NumNeeded[leaf] - LeafTree.Gone : -1);
        if (isFirst)
        {
            newlyReachable.Add(leaf);
        }
    }

    internal override int Next()
    {
        if (State.ReachableHull.Count == 0)
        {
            // A new and independent part of the graph begins.
            Disconnect();
            return LongestPath ? TakeLargest() : SmallestLeft();
        }
        if (connected.Count >= State.Leaves.Count)
        {
            return LongestPath ? TakeLargest() : LeastNeeding(all ??= Tree(leaf => State.NumNeeded[leaf]));
        }
        int target = LeastNeeding(reachable);
        if (target >= 0)
        {
            foreach (int leaf in newlyReachable)
            {
                if (State.Leaves.Contains(leaf))
                {
                    connected.Add(leaf);
                }
            }
            newlyReachable.Clear();
            return target;
        }
        Connect();
        return connected.Count > 0 ? LeastNeeding(connected.Items) : SmallestLeft();
    }

    /// <summary>Adds the leaves that loaded roots lead to, and drops those that have their place.</summary>
    private void Connect()
    {
        foreach (int root in processedRoots)
        {
            foreach ((int start, int end) in LeavesOfRoots.Runs(root))
            {
                for (int number = NextNew(start); number < end; number = NextNew(number))
                {
                    connected.Add(LeavesOfRoots.Ends[number]);
                    brought.Add(number);
                    nextNew[number] = number + 1;
                }
            }
        }
        processedRoots.Clear();
        foreach (int leaf in connected.Items.ToArray())
        {
            if (!State.Leaves.Contains(leaf))
            {
                connected.Remove(leaf);
            }
        }
    }

    private void Disconnect()
    {
        connected.Clear();
        newlyReachable.Clear();
        // A shortcut only leads over what was brought, so that undoing just that is enough.
        foreach (int number in brought)
        {
            nextNew[number] = number;
        }
        brought.Clear();
    }

    private int NextNew(int number)
    {
        int next = number;
        while (nextNew[next] != next)
        {
            next = nextNew[next];
        }
        while (nextNew[number] != number)
        {
            (number, nextNew[number]) = (nextNew[number], next);
        }
        return next;
    }

    private int SmallestLeft()
    {
        int leaf;
        do
        {
            leaf = TakeSmallest();
        }
        while (leaf >= 0 && State.IsEmitted(leaf));
        return leaf;
    }

    /// <summary>
    /// The leaf of a tree that waits for least, and of such the one with the smallest sort key; -1 if none.
    /// </summary>
    private int LeastNeeding(LeafTree needs)
    {
        while (!needs.IsEmpty)
        {
            int leaf = Sorted[needs.Best];
            if (!State.IsEmitted(leaf))
            {
                return leaf;
            }
            needs.Add(Place(leaf), LeafTree.Gone);
        }
        return -1;
    }

    private int LeastNeeding(ReadOnlySpan<int> candidates)
    {
        int least = candidates[0];
        foreach (int leaf in candidates[1..])
        {
            int difference = State.NumNeeded[leaf] - State.NumNeeded[least];
            if (difference < 0 || (difference == 0 && Rank(leaf) < Rank(least)))
            {
                least = leaf;
            }
        }
        return least;
    }
}
