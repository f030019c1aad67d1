using System.Numerics;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// Numbers in a row that are raised and lowered a run at a time, and of which the smallest are wanted: a segment tree.
/// </summary>
internal sealed class MinTree
{
    /// <summary>What is not to be found any more.</summary>
    internal const int Gone = 1 << 30;

    // A node's smallest number without what was added to nodes above it, and how many there are of it.
    private readonly int[] mins;
    private readonly int[] counts;
    private readonly int[] added;
    private readonly int width;

    internal MinTree(ReadOnlySpan<int> values)
    {
        width = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, values.Length));
        mins = new int[2 * width];
        counts = new int[2 * width];
        added = new int[2 * width];
        Array.Fill(mins, Gone);
        Array.Fill(counts, 1);
        values.CopyTo(mins.AsSpan(width));
        for (int node = width - 1; node > 0; node--)
        {
            Pull(node);
        }
    }

    /// <summary>The smallest number; <see cref="Gone"/> or more if none is left.</summary>
    internal int Min => mins[1];

    /// <summary>How often the smallest number occurs.</summary>
    internal int MinCount => counts[1];

    internal int this[int index]
    {
        get
        {
            int value = mins[width + index];
            for (int node = (width + index) / 2; node > 0; node /= 2)
            {
                value += added[node];
            }
            return value;
        }
    }

    /// <summary>Adds to the numbers from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    internal void Add(int start, int end, int amount) => Add(1, 0, width, start, end, amount);

    /// <summary>The first place of the smallest number.</summary>
    internal int FirstMin()
    {
        int node = 1;
        while (node < width)
        {
            node = mins[2 * node] <= mins[(2 * node) + 1] ? 2 * node : (2 * node) + 1;
        }
        return node - width;
    }

    /// <summary>All places of the smallest number, ascending.</summary>
    internal void CopyMins(List<int> places)
    {
        places.Clear();
        CopyMins(1, places);
    }

    private void CopyMins(int node, List<int> places)
    {
        while (node < width)
        {
            int left = 2 * node, right = left + 1;
            if (mins[left] == mins[right])
            {
                CopyMins(left, places);
            }
            node = mins[left] < mins[right] ? left : right;
        }
        places.Add(node - width);
    }

    private void Add(int node, int first, int size, int start, int end, int amount)
    {
        if (start <= first && first + size <= end)
        {
            mins[node] += amount;
            added[node] += amount;
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

    private void Pull(int node)
    {
        int left = 2 * node, right = left + 1;
        mins[node] = Math.Min(mins[left], mins[right]) + added[node];
        counts[node] = (mins[left] <= mins[right] ? counts[left] : 0) + (mins[right] <= mins[left] ? counts[right] : 0);
    }
}
