using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Csds.Scheduler;

/// <summary>
/// Tasks by priority, the most urgent first, and among equals the one that came first: Dask's <c>HeapSet</c>. A task is in one
/// such set at most. What leaves it from the middle stays where it lies, unseen, until it comes to the front or most is like that.
/// </summary>
public sealed class HeapSet : IReadOnlyCollection<TaskState>
{
    private readonly PriorityQueue<TaskState, Place> heap = new();
    private long tickets;

    // Most need no heap: graphs come one after the other, and the tasks of each in their order.
    private PiecewiseQueue<Entry> inOrder = new();
    private Place lastInOrder;

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The most urgent task, which stays; false if there is none.</summary>
    public bool TryPeek([NotNullWhen(true)] out TaskState? ts)
    {
        bool hasOther = heap.TryPeek(out ts, out Place place);
        if (inOrder.Count > 0 && inOrder.Peek() is var first && (!hasOther || first.Place.CompareTo(place) < 0))
        {
            ts = first.Task;
        }
        return ts is not null;
    }

    /// <summary>All tasks, the most urgent first.</summary>
    public IEnumerable<TaskState> Sorted() => SortedEntries().Select(entry => entry.Task);

    /// <summary>All tasks, in no particular order.</summary>
    public IEnumerator<TaskState> GetEnumerator() => Entries().Select(entry => entry.Task).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(TaskState ts)
    {
        if (ts.QueueTicket == 0)
        {
            ts.QueueTicket = ++tickets;
            Add(new Entry(ts, ts.QueueTicket));
            Count++;
        }
    }

    internal void Remove(TaskState ts)
    {
        if (ts.QueueTicket == 0)
        {
            return;
        }
        ts.QueueTicket = 0;
        Count--;
        while (inOrder.Count > 0 && !inOrder.Peek().IsValid)
        {
            inOrder.Dequeue();
        }
        while (heap.TryPeek(out TaskState? top, out Place place) && !new Entry(top, place.Ticket).IsValid)
        {
            heap.Dequeue();
        }
        if (Count < (heap.Count + inOrder.Count) / 4)
        {
            Tidy();
        }
    }

    private void Add(Entry entry)
    {
        if (inOrder.Count == 0 || entry.Place.CompareTo(lastInOrder) > 0)
        {
            inOrder.Enqueue(entry);
            lastInOrder = entry.Place;
        }
        else
        {
            heap.Enqueue(entry.Task, entry.Place);
        }
    }

    private void Tidy()
    {
        Entry[] entries = [.. SortedEntries()];
        heap.Clear();
        heap.TrimExcess();
        inOrder = new PiecewiseQueue<Entry>();
        foreach (Entry entry in entries)
        {
            Add(entry);
        }
    }

    private IEnumerable<Entry> SortedEntries() => Entries().OrderBy(entry => entry.Place);

    private IEnumerable<Entry> Entries() =>
        inOrder.Concat(heap.UnorderedItems.Select(other => new Entry(other.Element, other.Priority.Ticket))).Where(entry => entry.IsValid);

    private readonly record struct Entry(TaskState Task, long Ticket)
    {
        // A task that waits keeps its priority.
        internal Place Place => new(Task.Priority, Ticket);

        internal bool IsValid => Task.QueueTicket == Ticket;
    }

    private readonly record struct Place(Priority Priority, long Ticket) : IComparable<Place>
    {
        public int CompareTo(Place other)
        {
            int result = Priority.CompareTo(other.Priority);
            return result != 0 ? result : Ticket.CompareTo(other.Ticket);
        }
    }
}
