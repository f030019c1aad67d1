namespace Csds.Scheduler.Ordering;

/// <summary>
/// A set of node indices that takes, drops and finds one in constant time. Its order means nothing, but it is the same
/// in every run.
/// </summary>
internal sealed class IndexSet
{
    private readonly int[] places;
    private int[] items = [];

    /// <summary>An empty set of indices below <paramref name="capacity"/>.</summary>
    internal IndexSet(int capacity)
    {
        places = new int[capacity];
        Array.Fill(places, -1);
    }

    internal int Count { get; private set; }

    internal ReadOnlySpan<int> Items => items.AsSpan(0, Count);

    internal bool Contains(int item) => places[item] >= 0;

    internal void Add(int item)
    {
        if (places[item] >= 0)
        {
            return;
        }
        if (Count == items.Length)
        {
            Array.Resize(ref items, Math.Max(16, 2 * Count));
        }
        places[item] = Count;
        items[Count++] = item;
    }

    internal void Remove(int item)
    {
        int place = places[item];
        if (place < 0)
        {
            return;
        }
        places[item] = -1;
        int last = items[--Count];
        if (place < Count)
        {
            items[place] = last;
            places[last] = place;
        }
    }

    internal void Clear()
    {
        foreach (int item in Items)
        {
            places[item] = -1;
        }
        Count = 0;
    }
}
