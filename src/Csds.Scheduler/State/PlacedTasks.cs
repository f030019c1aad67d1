using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Csds.Scheduler;

/// <summary>
/// A set that keeps the order of insertion, for tasks that are in one set of its kind at most: they know their place, so that nothing
/// is looked up.
/// </summary>
/// <remarks>It is a mutable struct: a field of its owner, never a copy. It must not change while it is enumerated.</remarks>
public struct PlacedTasks<TPlace> : IEnumerable<TaskState>
    where TPlace : struct, ITaskPlace
{
    private Slots<TaskState> slots;

    /// <summary>Number of tasks.</summary>
    public readonly int Count => slots.Count;

    /// <summary>True without tasks.</summary>
    public readonly bool IsEmpty => slots.Count == 0;

    /// <summary>Whether a task is in this set.</summary>
    public readonly bool Contains(TaskState ts)
    {
        int place = TPlace.Of(ts);
        return place > 0 && place <= slots.Used && ReferenceEquals(slots[place - 1], ts);
    }

    /// <summary>The oldest task.</summary>
    public readonly bool TryGetFirst([NotNullWhen(true)] out TaskState? ts)
    {
        int slot = 0;
        ts = slots.Next(ref slot);
        return ts is not null;
    }

    /// <summary>The tasks, oldest first, as an array of their own.</summary>
    public readonly TaskState[] ToArray()
    {
        var tasks = new TaskState[Count];
        int i = 0;
        foreach (TaskState ts in this)
        {
            tasks[i++] = ts;
        }
        return tasks;
    }

    /// <summary>Enumerates the tasks, oldest first, without allocating.</summary>
    public readonly Enumerator GetEnumerator() => new(slots);

    readonly IEnumerator<TaskState> IEnumerable<TaskState>.GetEnumerator() => ((IEnumerable<TaskState>)ToArray()).GetEnumerator();

    readonly IEnumerator IEnumerable.GetEnumerator() => ToArray().GetEnumerator();

    /// <summary>Adds a task at the end, which is in no other set of the kind; nothing happens if it is in this one.</summary>
    internal void Add(TaskState ts)
    {
        if (Contains(ts))
        {
            return;
        }
        if (slots.Append(ts))
        {
            NumberAnew();
        }
        TPlace.Of(ts) = slots.Used;
    }

    /// <summary>Removes a task; nothing happens if it is not in this set.</summary>
    internal void Remove(TaskState ts)
    {
        if (!Contains(ts))
        {
            return;
        }
        ref int place = ref TPlace.Of(ts);
        bool moved = slots.RemoveAt(place - 1);
        place = 0;
        if (moved)
        {
            NumberAnew();
        }
    }

    private readonly void NumberAnew()
    {
        int slot = 0;
        while (slots.Next(ref slot) is { } ts)
        {
            TPlace.Of(ts) = slot;
        }
    }

    /// <summary>Walks over a set.</summary>
    public struct Enumerator
    {
        private readonly Slots<TaskState> slots;
        private int next;

        internal Enumerator(Slots<TaskState> slots) => this.slots = slots;

        /// <summary>The task reached.</summary>
        public TaskState Current { get; private set; } = null!;

        /// <summary>Goes to the next task.</summary>
        public bool MoveNext()
        {
            TaskState? ts = slots.Next(ref next);
            Current = ts!;
            return ts is not null;
        }
    }
}
