namespace Csds.Scheduler;

/// <summary>
/// Items in the order in which they came, in numbered slots, with holes where items were removed: what sets with an order are made of.
/// It is a mutable struct: a field of its owner, never a copy.
/// </summary>
internal struct Slots<T>
    where T : class
{
    private const int FirstSize = 4;

    private T?[]? items;

    // No item is before this slot: a set that is used as a queue has more and more holes there.
    private int first;

    /// <summary>Number of slots, holes included.</summary>
    internal int Used { get; private set; }

    /// <summary>Number of items.</summary>
    internal int Count { get; private set; }

    /// <summary>The item in a slot; null for a hole, and for a slot that is not used.</summary>
    internal readonly T? this[int slot] => items![slot];

    /// <summary>The slot of the oldest item; <see cref="Used"/> without any.</summary>
    internal readonly int First => first;

    /// <summary>Makes room for so many slots in all.</summary>
    internal void Expect(int count)
    {
        if (count > (items?.Length ?? 0))
        {
            Array.Resize(ref items, count);
        }
    }

    /// <summary>Puts an item into a new slot behind the others; true if others have moved to other slots.</summary>
    internal bool Append(T item)
    {
        bool moved = false;
        if (items is null)
        {
            items = new T?[FirstSize];
        }
        else if (Used == items.Length)
        {
            moved = Count <= Used / 2;
            if (moved)
            {
                Compact();
            }
            else
            {
                Array.Resize(ref items, 2 * items.Length);
            }
        }
        items[Used++] = item;
        Count++;
        return moved;
    }

    /// <summary>Removes the item in a slot; true if others have moved to other slots.</summary>
    internal bool RemoveAt(int slot)
    {
        items![slot] = null;
        Count--;
        bool moved = false;
        if (slot == Used - 1)
        {
            Used--;
        }
        else if (Used > 16 && Count < Used / 4)
        {
            Compact();
            moved = true;
        }
        while (first < Used && items[first] is null)
        {
            first++;
        }
        first = Math.Min(first, Used);
        return moved;
    }

    /// <summary>The next item from a slot on, which is set to the one behind it; null behind the last.</summary>
    internal readonly T? Next(ref int slot)
    {
        slot = Math.Max(slot, first);
        while (slot < Used)
        {
            T? item = items![slot++];
            if (item is not null)
            {
                return item;
            }
        }
        return null;
    }

    /// <summary>The slot of an item, looked for in all of them; -1 if there is none.</summary>
    internal readonly int Search(T item)
    {
        for (int slot = first; slot < Used; slot++)
        {
            if (ReferenceEquals(items![slot], item))
            {
                return slot;
            }
        }
        return -1;
    }

    private void Compact()
    {
        int kept = 0;
        int size = Math.Max(FirstSize, 2 * Count);
        T?[] target = size < items!.Length ? new T?[size] : items;
        for (int i = 0; i < Used; i++)
        {
            if (items[i] is T item)
            {
                target[kept++] = item;
            }
        }
        if (ReferenceEquals(target, items))
        {
            Array.Clear(items, kept, Used - kept);
        }
        items = target;
        first = 0;
        Used = kept;
    }
}
