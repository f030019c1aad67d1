namespace Csds.Scheduler.Ordering;

/// <summary>
/// One side of a graph's edges, a row of node indices per node. A row is always ascending: where Dask walks through a
/// Python set, whose order changes from one process to the next, we take that order.
/// </summary>
internal sealed class Rows
{
    private readonly int[] offsets;
    private readonly int[] targets;
    private readonly int[] lengths;

    private Rows(int[] offsets, int[] targets, int[] lengths)
    {
        this.offsets = offsets;
        this.targets = targets;
        this.lengths = lengths;
    }

    /// <summary>Number of rows.</summary>
    internal int Count => lengths.Length;

    internal ReadOnlySpan<int> this[int node] => targets.AsSpan(offsets[node], lengths[node]);

    internal int Length(int node) => lengths[node];

    /// <summary>Turns edges around. Edges named twice are kept once.</summary>
    internal static Rows Transpose(ReadOnlySpan<int> offsets, ReadOnlySpan<int> targets, int count)
    {
        int[] starts = new int[count + 1];
        foreach (int target in targets)
        {
            if ((uint)target >= (uint)count)
            {
                throw new ArgumentException($"a dependency has index {target} of {count}", nameof(targets));
            }
            starts[target + 1]++;
        }
        for (int i = 0; i < count; i++)
        {
            starts[i + 1] += starts[i];
        }
        int[] turned = new int[targets.Length];
        int[] lengths = new int[count];
        for (int row = 0; row + 1 < offsets.Length; row++)
        {
            foreach (int target in targets[offsets[row]..offsets[row + 1]])
            {
                int end = starts[target] + lengths[target];
                if (lengths[target] == 0 || turned[end - 1] != row)
                {
                    turned[end] = row;
                    lengths[target]++;
                }
            }
        }
        return new Rows(starts, turned, lengths);
    }

    /// <summary>Turns edges around, without those that were removed.</summary>
    internal Rows Transpose()
    {
        int[] tight = new int[Count + 1];
        for (int i = 0; i < Count; i++)
        {
            tight[i + 1] = tight[i] + lengths[i];
        }
        if (tight[^1] == targets.Length)
        {
            return Transpose(offsets, targets, Count);
        }
        int[] kept = new int[tight[^1]];
        for (int i = 0; i < Count; i++)
        {
            this[i].CopyTo(kept.AsSpan(tight[i]));
        }
        return Transpose(tight, kept, Count);
    }

    /// <summary>The rows of the nodes that have an <paramref name="index"/>, with only such nodes in them.</summary>
    internal Rows Select(ReadOnlySpan<int> index, int count)
    {
        int[] starts = new int[count + 1];
        int[] selected = new int[targets.Length];
        int[] selectedLengths = new int[count];
        int end = 0;
        for (int node = 0; node < Count; node++)
        {
            if (index[node] < 0)
            {
                continue;
            }
            int start = starts[index[node]] = end;
            foreach (int target in this[node])
            {
                if (index[target] >= 0)
                {
                    selected[end++] = index[target];
                }
            }
            selectedLengths[index[node]] = end - start;
        }
        starts[count] = end;
        return new Rows(starts, selected, selectedLengths);
    }

    /// <summary>Takes a node out of a row; false if it is not in it.</summary>
    internal bool Remove(int node, int target)
    {
        Span<int> row = targets.AsSpan(offsets[node], lengths[node]);
        int at = row.BinarySearch(target);
        if (at < 0)
        {
            return false;
        }
        row[(at + 1)..].CopyTo(row[at..]);
        lengths[node]--;
        return true;
    }

    /// <summary>Moves what <paramref name="leaves"/> out of a row.</summary>
    internal void MoveOut(int node, Predicate<int> leaves, List<int> moved)
    {
        Span<int> row = targets.AsSpan(offsets[node], lengths[node]);
        int kept = 0;
        foreach (int target in row)
        {
            if (leaves(target))
            {
                moved.Add(target);
            }
            else
            {
                row[kept++] = target;
            }
        }
        lengths[node] = kept;
    }

    /// <summary>Rows of its own, to take nodes out.</summary>
    internal Rows Copy() => new(offsets, (int[])targets.Clone(), (int[])lengths.Clone());
}
