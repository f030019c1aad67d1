namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>inner_stack</c> on top of <c>inner_stacks</c>: a stack of stacks in one array. The one on top is worked on, and
/// may be empty; so may those below.
/// </summary>
internal sealed class NestedStack
{
    private readonly List<int> items = [];
    private readonly List<int> starts = [];
    private int start;

    /// <summary>Whether the stack on top has no items.</summary>
    internal bool IsEmpty => items.Count == start;

    /// <summary>Whether there is no stack below the one on top.</summary>
    internal bool IsOutermost => starts.Count == 0;

    /// <summary>The first item that was put onto the stack on top.</summary>
    internal int Bottom => items[start];

    internal void Push(int item) => items.Add(item);

    internal int Pop()
    {
        int item = items[^1];
        items.RemoveAt(items.Count - 1);
        return item;
    }

    /// <summary>Begins a new, empty stack above the one on top.</summary>
    internal void Open()
    {
        starts.Add(start);
        start = items.Count;
    }

    /// <summary>
    /// Puts a stack of its own for each item on top, the last item uppermost; an empty stack on top goes away.
    /// </summary>
    internal void PushEach(ReadOnlySpan<int> each)
    {
        foreach (int item in each)
        {
            if (!IsEmpty)
            {
                Open();
            }
            Push(item);
        }
    }

    /// <summary>Goes back to the stack below the one on top, which is empty.</summary>
    internal void Close()
    {
        start = starts[^1];
        starts.RemoveAt(starts.Count - 1);
    }
}
