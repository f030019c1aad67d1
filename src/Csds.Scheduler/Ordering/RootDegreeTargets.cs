namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>get_target</c> since 2025.5.0: a leaf that needs fewest roots beside those that are loaded already. That number is
/// its <em>degree</em>.
/// </summary>
internal sealed class RootDegreeTargets : Targets
{
    /// <summary>The degree of each leaf, by the number of the leaf; gone when it is loaded completely.</summary>
    private readonly MinTree degrees;
    private readonly List<int> found = [];

    internal RootDegreeTargets(OrderState state, ConnectedEnds leavesOfRoots)
        : base(state, leavesOfRoots)
    {
        int[] initial = new int[leavesOfRoots.Ends.Length];
        for (int number = 0; number < initial.Length; number++)
        {
            int roots = state.Keys.ConnectedRoots(leavesOfRoots.Ends[number]);
            initial[number] = roots > 0 ? roots : MinTree.Gone;
        }
        degrees = new MinTree(initial);
    }

    internal override void RootEmitted(int root)
    {
        foreach ((int start, int end) in LeavesOfRoots.Runs(root))
        {
            degrees.Add(start, end, -1);
        }
        while (degrees.Min == 0)
        {
            Forget(degrees.FirstMin());
        }
    }

    internal override int Next()
    {
        while (State.ReachableHull.Count > 0 && degrees.Min < MinTree.Gone / 2)
        {
            int target = MinReachable();
            if (target < 0)
            {
                degrees.CopyMins(found);
                foreach (int number in found)
                {
                    target = Better(LeavesOfRoots.Ends[number], target);
                }
            }
            if (!State.IsEmitted(target))
            {
                return target;
            }
            // Dask would choose this leaf for ever. No graph is known that comes here.
            Forget(LeavesOfRoots.NumberOf(target));
        }
        return LongestPath ? TakeLargest() : TakeSmallest();
    }

    /// <summary>The best leaf of the smallest degree among those that have an input already; -1 if there is none.</summary>
    private int MinReachable()
    {
        int target = -1;
        if (State.ReachableHull.Count < degrees.MinCount)
        {
            foreach (int node in State.ReachableHull.Items)
            {
                if (State.Leaves.Contains(node) && degrees[LeavesOfRoots.NumberOf(node)] == degrees.Min)
                {
                    target = Better(node, target);
                }
            }
            return target;
        }
        degrees.CopyMins(found);
        foreach (int number in found)
        {
            int leaf = LeavesOfRoots.Ends[number];
            if (State.ReachableHull.Contains(leaf))
            {
                target = Better(leaf, target);
            }
        }
        return target;
    }

    private int Better(int leaf, int than)
    {
        int difference = than < 0 ? -1 : State.Keys.Compare(leaf, than);
        return difference < 0 || (difference == 0 && leaf < than) ? leaf : than;
    }

    private void Forget(int number) => degrees.Add(number, number + 1, MinTree.Gone);
}
