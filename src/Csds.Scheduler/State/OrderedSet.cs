using System.Collections;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Csds.Scheduler;

/// <summary>
/// A set that keeps the order of insertion, made for the many sets of a task that hold none, one or a few items: eight
/// bytes and nothing else for up to one item. Large sets find and remove in constant time.
/// </summary>
/// <remarks>
/// It is a mutable struct: a field of its owner, never a copy. It must not change while it is enumerated. The
/// library's sets lose the order, or remove in linear time, or cost 200 bytes when empty; there are six of these sets
/// in every task.
/// </remarks>
public struct OrderedSet<T> : IEnumerable<T>
    where T : Numbered
{
    // null, the only item, or Many.
    private object? content;

    /// <summary>Number of items.</summary>
    public readonly int Count => content switch
    {
        null => 0,
        Many many => many.Count,
        _ => 1,
    };

    /// <summary>True without items.</summary>
    public readonly bool IsEmpty => content is null;

    /// <summary>Whether <paramref name="item"/> is in the set.</summary>
    public readonly bool Contains(T item) =>
        ReferenceEquals(content, item) || (content is Many many && many.Find(item) >= 0);

    /// <summary>Adds an item at the end; false if it was there.</summary>
    public bool Add(T item)
    {
        Debug.Assert(item is not Many, "a set of itself");
        switch (content)
        {
            case null:
                content = item;
                return true;
            case Many many:
                return many.Add(item);
            default:
                if (ReferenceEquals(content, item))
                {
                    return false;
                }
                content = new Many(Unsafe.As<T>(content), item);
                return true;
        }
    }

    /// <summary>Removes an item; false if it was not there.</summary>
    public bool Remove(T item)
    {
        if (ReferenceEquals(content, item))
        {
            content = null;
            return true;
        }
        if (content is not Many many || !many.Remove(item))
        {
            return false;
        }
        if (many.Count == 0)
        {
            content = null;
        }
        return true;
    }

    /// <summary>Removes everything.</summary>
    public void Clear() => content = null;

    /// <summary>Makes room for so many items in all, if the set has at least two already.</summary>
    internal readonly void Expect(int count) => (content as Many)?.Expect(count);

    /// <summary>The oldest item.</summary>
    public readonly bool TryGetFirst([NotNullWhen(true)] out T? item)
    {
        foreach (T first in this)
        {
            item = first;
            return true;
        }
        item = null;
        return false;
    }

    /// <summary>The items, oldest first, as an array of their own.</summary>
    public readonly T[] ToArray()
    {
        var items = new T[Count];
        int i = 0;
        foreach (T item in this)
        {
            items[i++] = item;
        }
        return items;
    }

    /// <summary>Enumerates the items, oldest first, without allocating.</summary>
    public readonly Enumerator GetEnumerator() => new(content);

    readonly IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    readonly IEnumerator IEnumerable.GetEnumerator() => ToArray().GetEnumerator();

    /// <summary>Walks over a set.</summary>
    public struct Enumerator
    {
        private readonly object? content;
        private int next;

        internal Enumerator(object? content) => this.content = content;

        /// <summary>The item reached.</summary>
        public T Current { get; private set; } = null!;

        /// <summary>Goes to the next item.</summary>
        public bool MoveNext()
        {
            if (content is Many many)
            {
                T? item = many.Next(ref next);
                Current = item!;
                return item is not null;
            }
            if (content is null || next > 0)
            {
                return false;
            }
            next = 1;
            Current = Unsafe.As<T>(content);
            return true;
        }
    }

    /// <summary>Two items or more: slots in order of insertion, holes where items were removed.</summary>
    private sealed class Many
    {
        /// <summary>Up to here a linear search is faster than hashing.</summary>
        private const int Linear = 8;

        private Slots<T> slots;

        // For each item, at the first free place from its hash on: its slot plus one. Places of items that were removed
        // stay taken until the next rebuild. Plain numbers: a table of references would be looked through by every
        // garbage collection.
        private int[]? index;
        private int taken;

        internal Many(T first, T second)
        {
            slots.Append(first);
            slots.Append(second);
        }

        internal int Count => slots.Count;

        internal int Find(T item)
        {
            int first = slots.First;
            if (first < slots.Used && ReferenceEquals(slots[first], item))
            {
                return first;
            }
            return index is null ? slots.Search(item) : LookUp(item, index);
        }

        internal bool Add(T item)
        {
            if (Find(item) >= 0)
            {
                return false;
            }
            bool moved = slots.Append(item);
            if (index is null ? Count > Linear : moved || taken >= index.Length / 2)
            {
                Reindex();
            }
            else if (index is not null)
            {
                Enter(item, slots.Used - 1);
            }
            return true;
        }

        internal bool Remove(T item)
        {
            int slot = Find(item);
            if (slot < 0)
            {
                return false;
            }
            if (slots.RemoveAt(slot) && index is not null)
            {
                Reindex();
            }
            return true;
        }

        internal void Expect(int count)
        {
            slots.Expect(count);
            int size = Size(2L * count);
            if (count > Linear && size > (index?.Length ?? 0))
            {
                Reindex(size);
            }
        }

        internal T? Next(ref int slot) => slots.Next(ref slot);

        private int LookUp(T item, int[] index)
        {
            int mask = index.Length - 1;
            for (int place = item.GetHashCode() & mask; index[place] is > 0 and int found; place = (place + 1) & mask)
            {
                if (ReferenceEquals(slots[found - 1], item))
                {
                    return found - 1;
                }
            }
            return -1;
        }

        private static int Size(long places) => (int)BitOperations.RoundUpToPowerOf2((ulong)places);

        private void Reindex() => Reindex(Size(3L * Count));

        private void Reindex(int size)
        {
            if (index?.Length == size)
            {
                Array.Clear(index);
            }
            else
            {
                index = new int[size];
            }
            taken = 0;
            for (int i = slots.First; i < slots.Used; i++)
            {
                if (slots[i] is { } item)
                {
                    Enter(item, i);
                }
            }
        }

        private void Enter(T item, int slot)
        {
            int mask = index!.Length - 1;
            int place = item.GetHashCode() & mask;
            while (index[place] > 0)
            {
                place = (place + 1) & mask;
            }
            index[place] = slot + 1;
            taken++;
        }
    }
}
