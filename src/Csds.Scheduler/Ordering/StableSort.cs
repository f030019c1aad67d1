namespace Csds.Scheduler.Ordering;

/// <summary>
/// A stable sort as Python's. It never throws, not even when a comparison contradicts itself as Dask's
/// <c>StrComparable</c> can (2 &lt; 10 as numbers, but '10' &lt; '15' &lt; '2').
/// </summary>
internal static class StableSort
{
    private const int Short = 16;

    internal static void Sort<TComparer>(Span<int> items, TComparer comparer)
        where TComparer : IComparer<int>
    {
        if (items.Length <= Short)
        {
            InsertionSort(items, comparer);
            return;
        }
        int[] scratch = new int[items.Length];
        for (int start = 0; start < items.Length; start += Short)
        {
            InsertionSort(items.Slice(start, Math.Min(Short, items.Length - start)), comparer);
        }
        Span<int> from = items, to = scratch;
        for (long width = Short; width < items.Length; width *= 2)
        {
            for (long start = 0; start < items.Length; start += 2 * width)
            {
                int middle = (int)Math.Min(start + width, items.Length);
                int end = (int)Math.Min(start + (2 * width), items.Length);
                Merge(from[(int)start..middle], from[middle..end], to[(int)start..end], comparer);
            }
            Span<int> merged = to;
            to = from;
            from = merged;
        }
        if (from != items)
        {
            from.CopyTo(items);
        }
    }

    private static void InsertionSort<TComparer>(Span<int> items, TComparer comparer)
        where TComparer : IComparer<int>
    {
        for (int i = 1; i < items.Length; i++)
        {
            int item = items[i];
            int at = i;
            while (at > 0 && comparer.Compare(items[at - 1], item) > 0)
            {
                items[at] = items[at - 1];
                at--;
            }
            items[at] = item;
        }
    }

    private static void Merge<TComparer>(
        ReadOnlySpan<int> left, ReadOnlySpan<int> right, Span<int> target, TComparer comparer)
        where TComparer : IComparer<int>
    {
        int l = 0, r = 0;
        foreach (ref int item in target)
        {
            bool takesLeft = r == right.Length || (l < left.Length && comparer.Compare(left[l], right[r]) <= 0);
            item = takesLeft ? left[l++] : right[r++];
        }
    }
}
