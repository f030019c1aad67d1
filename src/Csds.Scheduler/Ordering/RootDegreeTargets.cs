namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>get_target</c> since 2025.5.0: a leaf that needs fewest roots beside those that are loaded already. That number
/// is its <em>degree</em>.
/// </summary>
internal sealed class RootDegreeTargets : Targets
{
    /// <summary>Degrees, gone when all roots are loaded; marked are leaves that have an input.</summary>
    private readonly LeafTree degrees;

    internal RootDegreeTargets(OrderState state, ConnectedEnds leavesOfRoots)
        : base(state, leavesOfRoots) =>
        degrees = Tree(leaf => state.Keys.ConnectedRoots(leaf) is var roots && roots > 0 ? roots : LeafTree.Gone);

    internal override void RootEmitted(int root)
    {
        foreach ((int start, int end) in LeavesOfRoots.Runs(root))
        {
            degrees.Add(start, end, -1);
        }
        while (degrees.Min == 0)
        {
            degrees.Add(Place(Sorted[degrees.Best]), LeafTree.Gone);
        }
    }

    internal override void LeafAdvanced(int leaf, bool isFirst)
    {
        if (isFirst)
        {
            degrees.Mark(Place(leaf));
        }
    }

    internal override int Next()
    {
        while (State.ReachableHull.Count > 0 && !degrees.IsEmpty)
        {
            int leaf = Sorted[degrees.BestMarked >= 0 ? degrees.BestMarked : degrees.Best];
            if (!State.IsEmitted(leaf))
            {
                return leaf;
            }
            // Dask would choose this leaf for ever. No graph is known that comes here.
            degrees.Add(Place(leaf), LeafTree.Gone);
        }
        return LongestPath ? TakeLargest() : TakeSmallest();
    }
}
