using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary><c>get_target</c> of 2024.11.0 to 2025.4.1: a leaf connected to the roots that are loaded already.</summary>
internal sealed class ConnectedLeafTargets : Targets
{
    /// <summary><c>leafs_connected_to_loaded_roots</c>; leaves stay in it when they get their place.</summary>
    private readonly IndexSet connected;
    private readonly List<int> processedRoots = [];
    private readonly List<int> found = [];

    /// <summary>For each number of a leaf the next one, itself included, that no run has brought yet.</summary>
    private readonly int[] nextNew;
    private readonly List<int> brought = [];

    // How much all leaves need, by their place in the sorted list, once somebody asked.
    private MinTree? needs;
    private int[] ranks = [];

    internal ConnectedLeafTargets(OrderState state, ConnectedEnds leavesOfRoots)
        : base(state, leavesOfRoots)
    {
        connected = new IndexSet(state.Graph.Count);
        nextNew = new int[leavesOfRoots.Ends.Length + 1];
        for (int number = 0; number < nextNew.Length; number++)
        {
            nextNew[number] = number;
        }
    }

    internal override void RootEmitted(int root) => processedRoots.Add(root);

    internal override void LeafAdvanced(int leaf) => needs?.Add(ranks[leaf], ranks[leaf] + 1, -1);

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
            return LongestPath ? TakeLargest() : LeastNeeding();
        }
        FindReachable();
        if (found.Count > 0)
        {
            foreach (int leaf in found)
            {
                connected.Add(leaf);
            }
            return LeastNeeding(CollectionsMarshal.AsSpan(found));
        }
        Connect();
        return connected.Count > 0 ? LeastNeeding(connected.Items) : SmallestLeft();
    }

    /// <summary>Puts the leaves that have an input already into <see cref="found"/>.</summary>
    private void FindReachable()
    {
        IndexSet hull = State.ReachableHull, leaves = State.Leaves;
        (IndexSet few, IndexSet many) = hull.Count < leaves.Count ? (hull, leaves) : (leaves, hull);
        found.Clear();
        foreach (int node in few.Items)
        {
            if (many.Contains(node))
            {
                found.Add(node);
            }
        }
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
        found.Clear();
        found.AddRange(connected.Items);
        foreach (int leaf in found)
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
        // A shortcut may only lead over what was brought, so that undoing just that is enough.
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

    /// <summary>Of all leaves the one that needs least, and then the one with the smallest sort key.</summary>
    private int LeastNeeding()
    {
        if (needs is null)
        {
            ranks = new int[State.Graph.Count];
            int[] initial = new int[Sorted.Length];
            for (int rank = 0; rank < initial.Length; rank++)
            {
                ranks[Sorted[rank]] = rank;
                initial[rank] = State.NumNeeded[Sorted[rank]];
            }
            needs = new MinTree(initial);
        }
        while (needs.Min < MinTree.Gone / 2)
        {
            int leaf = Sorted[needs.FirstMin()];
            if (!State.IsEmitted(leaf))
            {
                return leaf;
            }
            needs.Add(ranks[leaf], ranks[leaf] + 1, MinTree.Gone);
        }
        return -1;
    }

    private int LeastNeeding(ReadOnlySpan<int> candidates)
    {
        int least = candidates[0];
        foreach (int leaf in candidates[1..])
        {
            int difference = State.NumNeeded[leaf] - State.NumNeeded[least];
            if (difference == 0)
            {
                difference = State.Keys.Compare(leaf, least);
            }
            if (difference < 0 || (difference == 0 && leaf < least))
            {
                least = leaf;
            }
        }
        return least;
    }
}
