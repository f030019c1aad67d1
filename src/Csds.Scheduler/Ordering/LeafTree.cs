using System.Numerics;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// A number for each leaf. Runs of them are raised and lowered together, and of those with the smallest number the best
/// ranked leaf is known at any time: a segment tree.
/// </summary>
internal sealed class LeafTree
{
    /// <summary>The number of a leaf that is not to be found; less than half of it is a real number.</summary>
    internal const int Gone = 1 << 30;

    private const int NoRank = int.MaxValue;

    private readonly Node[] nodes;
    private readonly int width;

    /// <summary>Leaves by their place in the tree, with a number and a rank each, the best rank being 0.</summary>
    internal LeafTree(ReadOnlySpan<int> numbers, ReadOnlySpan<int> ranks)
    {
        width = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, numbers.Length));
        nodes = new Node[2 * width];
        for (int place = 0; place < width; place++)
        {
            nodes[width + place] = place < numbers.Length
                ? new Node { Min = numbers[place], Best = ranks[place], BestMarked = NoRank }
                : new Node { Min = Gone, Best = NoRank, BestMarked = NoRank };
        }
        for (int node = width - 1; node > 0; node--)
        {
            Pull(node);
        }
    }

    /// <summary>Whether no leaf can be found.</summary>
    internal bool IsEmpty => nodes[1].Min >= Gone / 2;

    /// <summary>The smallest number.</summary>
    internal int Min => nodes[1].Min;

    /// <summary>The best rank of a leaf with the smallest number.</summary>
    internal int Best => nodes[1].Best;

    /// <summary>The same among marked leaves; -1 if none of those with the smallest number is marked.</summary>
    internal int BestMarked => nodes[1].BestMarked == NoRank ? -1 : nodes[1].BestMarked;

    /// <summary>Adds to the numbers from one place to before another.</summary>
    internal void Add(int start, int end, int amount) => Add(1, 0, width, start, end, amount);

    /// <summary>Adds to one number.</summary>
    internal void Add(int place, int amount)
    {
        nodes[width + place].Min += amount;
        PullAbove(place);
    }

    /// <summary>Marks a leaf.</summary>
    internal void Mark(int place)
    {
        ref Node leaf = ref nodes[width + place];
        leaf.BestMarked = leaf.Best;
        PullAbove(place);
    }

    private void Add(int node, int first, int size, int start, int end, int amount)
    {
        if (start <= first && first + size <= end)
        {
            nodes[node].Min += amount;
            nodes[node].Added += amount;
            return;
        }
        int half = size / 2;
        if (start < first + half)
        {
            Add(2 * node, first, half, start, end, amount);
        }
        if (end > first + half)
        {
            Add((2 * node) + 1, first + half, half, start, end, amount);
        }
        Pull(node);
    }

    private void PullAbove(int place)
    {
        for (int node = (width + place) / 2; node > 0; node /= 2)
        {
            Pull(node);
        }
    }

    private void Pull(int node)
    {
        ref Node above = ref nodes[node];
        ref Node left = ref nodes[2 * node];
        ref Node right = ref nodes[(2 * node) + 1];
        if (left.Min == right.Min)
        {
            above.Min = left.Min;
            above.Best = Math.Min(left.Best, right.Best);
            above.BestMarked = Math.Min(left.BestMarked, right.BestMarked);
        }
        else
        {
            ref Node smaller = ref left.Min < right.Min ? ref left : ref right;
            above.Min = smaller.Min;
            above.Best = smaller.Best;
            above.BestMarked = smaller.BestMarked;
        }
        above.Min += above.Added;
    }

    /// <summary>What is known of a part of the leaves, but for what was added to a larger part.</summary>
    private struct Node
    {
        internal int Min;
        internal int Added;
        internal int Best;
        internal int BestMarked;
    }
}
