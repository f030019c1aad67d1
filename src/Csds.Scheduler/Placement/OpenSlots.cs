namespace Csds.Scheduler;

/// <summary>
/// Workers that may be sent tasks from the queue (row S30, Dask's <c>idle_task_count</c>), the least busy first:
/// fewest tasks per thread, and the one that registered first among equals. The number of open slots is kept, too.
/// </summary>
/// <remarks>
/// A binary heap whose members know their places; the library's priority queue cannot move a member. What is compared lies in the
/// heap itself: with thousands of workers each look at one is a look into cold memory.
/// </remarks>
public sealed class OpenSlots
{
    private readonly List<Member> heap = [];

    /// <summary>Number of workers with an open slot.</summary>
    public int Count => heap.Count;

    /// <summary>Open slots of all workers together.</summary>
    public long Slots { get; private set; }

    /// <summary>The least busy worker; null if none has an open slot.</summary>
    public WorkerState? LeastBusy => heap.Count == 0 ? null : heap[0].Worker;

    /// <summary>One of the <see cref="Count"/> workers with an open slot, in no order that means anything but the same every time.</summary>
    public WorkerState this[int index] => heap[index].Worker;

    /// <summary>Whether <paramref name="ws"/> has an open slot.</summary>
    public bool Contains(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return ws.SlotHeapIndex >= 0 && ReferenceEquals(heap[ws.SlotHeapIndex].Worker, ws);
    }

    /// <summary>Puts the worker where it belongs, with this number of open slots, at least one.</summary>
    internal void Set(WorkerState ws, int slots)
    {
        Slots += slots - (ws.SlotHeapIndex >= 0 ? ws.SlotsCounted : 0);
        ws.SlotsCounted = slots;
        var member = new Member(ws, ws.Processing.Count, ws.NThreads, ws.Insertion);
        if (ws.SlotHeapIndex < 0)
        {
            ws.SlotHeapIndex = heap.Count;
            heap.Add(member);
        }
        else
        {
            heap[ws.SlotHeapIndex] = member;
        }
        Down(Up(ws.SlotHeapIndex));
    }

    internal void Remove(WorkerState ws)
    {
        int index = ws.SlotHeapIndex;
        if (index < 0)
        {
            return;
        }
        Slots -= ws.SlotsCounted;
        ws.SlotHeapIndex = -1;
        Member last = heap[^1];
        heap.RemoveAt(heap.Count - 1);
        if (!ReferenceEquals(last.Worker, ws))
        {
            Place(last, index);
            Down(Up(index));
        }
    }

    private int Up(int index)
    {
        Member member = heap[index];
        while (index > 0 && member.ComesBefore(heap[(index - 1) / 2]))
        {
            Place(heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }
        Place(member, index);
        return index;
    }

    private void Down(int index)
    {
        Member member = heap[index];
        while ((2 * index) + 1 < heap.Count)
        {
            int child = (2 * index) + 1;
            if (child + 1 < heap.Count && heap[child + 1].ComesBefore(heap[child]))
            {
                child++;
            }
            if (!heap[child].ComesBefore(member))
            {
                break;
            }
            Place(heap[child], index);
            index = child;
        }
        Place(member, index);
    }

    private void Place(in Member member, int index)
    {
        heap[index] = member;
        member.Worker.SlotHeapIndex = index;
    }

    private readonly record struct Member(WorkerState Worker, int Processing, int NThreads, long Insertion)
    {
        internal bool ComesBefore(in Member other)
        {
            // p1 / n1 < p2 / n2, without rounding.
            long left = (long)Processing * other.NThreads;
            long right = (long)other.Processing * NThreads;
            return left != right ? left < right : Insertion < other.Insertion;
        }
    }
}
