namespace Csds.Scheduler;

/// <summary>
/// Workers that may be sent tasks from the queue (row S30, Dask's <c>idle_task_count</c>), the least busy first:
/// fewest tasks per thread, and the one that registered first among equals. The number of open slots is kept, too.
/// </summary>
/// <remarks>A binary heap whose members know their places; the library's priority queue cannot move a member.</remarks>
public sealed class OpenSlots
{
    private readonly List<WorkerState> heap = [];

    /// <summary>Number of workers with an open slot.</summary>
    public int Count => heap.Count;

    /// <summary>Open slots of all workers together.</summary>
    public long Slots { get; private set; }

    /// <summary>The least busy worker; null if none has an open slot.</summary>
    public WorkerState? LeastBusy => heap.Count == 0 ? null : heap[0];

    /// <summary>One of the <see cref="Count"/> workers with an open slot, in no order that means anything but the same every time.</summary>
    public WorkerState this[int index] => heap[index];

    /// <summary>Whether <paramref name="ws"/> has an open slot.</summary>
    public bool Contains(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return ws.SlotHeapIndex >= 0 && ReferenceEquals(heap[ws.SlotHeapIndex], ws);
    }

    /// <summary>Puts the worker where it belongs, with this number of open slots, at least one.</summary>
    internal void Set(WorkerState ws, int slots)
    {
        Slots += slots - (ws.SlotHeapIndex >= 0 ? ws.SlotsCounted : 0);
        ws.SlotsCounted = slots;
        if (ws.SlotHeapIndex < 0)
        {
            ws.SlotHeapIndex = heap.Count;
            heap.Add(ws);
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
        WorkerState last = heap[^1];
        heap.RemoveAt(heap.Count - 1);
        if (!ReferenceEquals(last, ws))
        {
            Place(last, index);
            Down(Up(index));
        }
    }

    private int Up(int index)
    {
        WorkerState ws = heap[index];
        while (index > 0 && Before(ws, heap[(index - 1) / 2]))
        {
            Place(heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }
        Place(ws, index);
        return index;
    }

    private void Down(int index)
    {
        WorkerState ws = heap[index];
        while ((2 * index) + 1 < heap.Count)
        {
            int child = (2 * index) + 1;
            if (child + 1 < heap.Count && Before(heap[child + 1], heap[child]))
            {
                child++;
            }
            if (!Before(heap[child], ws))
            {
                break;
            }
            Place(heap[child], index);
            index = child;
        }
        Place(ws, index);
    }

    private void Place(WorkerState ws, int index)
    {
        heap[index] = ws;
        ws.SlotHeapIndex = index;
    }

    private static bool Before(WorkerState a, WorkerState b)
    {
        // p1 / n1 < p2 / n2, without rounding.
        long left = (long)a.Processing.Count * b.NThreads;
        long right = (long)b.Processing.Count * a.NThreads;
        return left != right ? left < right : a.Insertion < b.Insertion;
    }
}
