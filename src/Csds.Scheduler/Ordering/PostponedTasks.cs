using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>next_nodes</c>, <c>later_nodes</c> and <c>outer_stack</c>: groups of tasks put off by their partition key. All
/// groups live in one list.
/// </summary>
internal sealed class PostponedTasks
{
    private readonly List<int> tasks = [];
    private readonly Stack<(int Start, int Length)> outer = new();
    private List<Group> next = [];
    private List<Group> later = [];

    internal bool HasLater => later.Count > 0;

    internal bool HasOuter => outer.Count > 0;

    internal void AddNext(long key, ReadOnlySpan<int> group) => Add(next, key, group);

    internal void AddLater(long key, ReadOnlySpan<int> group) => Add(later, key, group);

    /// <summary>Makes what was put off for later what comes next.</summary>
    internal void Swap() => (next, later) = (later, next);

    /// <summary>
    /// Moves what comes next onto the outer stack, so that small keys come off it first, and of one key the group that
    /// was put off first.
    /// </summary>
    internal void StackNext()
    {
        CollectionsMarshal.AsSpan(next).Sort();
        for (int i = next.Count - 1; i >= 0; i--)
        {
            outer.Push((next[i].Start, next[i].Length));
        }
        next.Clear();
    }

    /// <summary>Takes the uppermost group off the outer stack; valid until something is put off.</summary>
    internal ReadOnlySpan<int> PopOuter()
    {
        (int start, int length) = outer.Pop();
        return CollectionsMarshal.AsSpan(tasks).Slice(start, length);
    }

    private void Add(List<Group> groups, long key, ReadOnlySpan<int> group)
    {
        groups.Add(new Group(key, tasks.Count, group.Length));
        tasks.AddRange(group);
    }

    private readonly record struct Group(long Key, int Start, int Length) : IComparable<Group>
    {
        // Groups of one key stay in the order in which they came, which is that of their place.
        public int CompareTo(Group other) => Key != other.Key ? Key.CompareTo(other.Key) : Start.CompareTo(other.Start);
    }
}
