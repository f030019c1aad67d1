using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Csds.Scheduler;

/// <summary>
/// Tasks by priority, the most urgent first, and among equals the one that came first: Dask's <c>HeapSet</c>. A task is in one
/// such set at most. What leaves it from the middle stays in the heap, unseen, until it reaches the top or is most of the heap.
/// </summary>
public sealed class HeapSet : IReadOnlyCollection<TaskState>
{
    private readonly PriorityQueue<TaskState, Place> heap = new();
    private long tickets;

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The most urgent task, which stays; false if there is none.</summary>
    public bool TryPeek([NotNullWhen(true)] out TaskState? ts) => heap.TryPeek(out ts, out _);

    /// <summary>All tasks, the most urgent first.</summary>
    public IEnumerable<TaskState> Sorted() => Entries().OrderBy(entry => entry.Place).Select(entry => entry.Task);

    /// <summary>All tasks, as they lie in the heap.</summary>
    public IEnumerator<TaskState> GetEnumerator() => Entries().Select(entry => entry.Task).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(TaskState ts)
    {
        if (ts.QueueTicket == 0)
        {
            ts.QueueTicket = ++tickets;
            heap.Enqueue(ts, new Place(ts.Priority, ts.QueueTicket));
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
        while (heap.TryPeek(out TaskState? top, out Place place) && !IsValid(top, place))
        {
            heap.Dequeue();
        }
        if (Count < heap.Count / 4)
        {
            (TaskState, Place)[] entries = [.. Entries()];
            heap.Clear();
            heap.EnqueueRange(entries);
            heap.TrimExcess();
        }
    }

    private IEnumerable<(TaskState Task, Place Place)> Entries() =>
        heap.UnorderedItems.Where(entry => IsValid(entry.Element, entry.Priority));

    private static bool IsValid(TaskState ts, Place place) => ts.QueueTicket == place.Ticket;

    private readonly record struct Place(Priority Priority, long Ticket) : IComparable<Place>
    {
        public int CompareTo(Place other)
        {
            int result = Priority.CompareTo(other.Priority);
            return result != 0 ? result : Ticket.CompareTo(other.Ticket);
        }
    }
}
