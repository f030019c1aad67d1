namespace Csds.Scheduler.Ordering;

/// <summary>
/// How keys compare where nothing else tells two tasks of a graph apart. Dask breaks such ties by name because names
/// are regular. Keys are looked at only when it comes to that.
/// </summary>
public abstract class KeyTies
{
    /// <summary>Compares the keys of two nodes; 0 where Python finds neither less than the other.</summary>
    public abstract int Compare(int x, int y);

    /// <summary>Sorts nodes by their keys; those that compare equal by their index.</summary>
    public virtual void Sort(Span<int> nodes) => StableSort.Sort(nodes, new ByKeyThenIndex(this));

    private readonly struct ByKeyThenIndex(KeyTies ties) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            int byKey = ties.Compare(x, y);
            return byKey != 0 ? byKey : x.CompareTo(y);
        }
    }
}
