using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One transition that happened: Dask's <c>Transition</c> (row S6).</summary>
/// <param name="Key">The task.</param>
/// <param name="Start">State before.</param>
/// <param name="Finish">State that was really reached.</param>
/// <param name="StimulusId">What caused it, as a token.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
public readonly record struct StoryEntry(
    Key Key, TaskStateName Start, TaskStateName Finish, byte[] StimulusId, double Timestamp)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"({Key.Repr()}, {Start.ToText()}, {Finish.ToText()}, {Tokens.Text(StimulusId)})";
}

/// <summary>The last transitions, oldest first; as many as <see cref="SchedulerOptions.TransitionLogLength"/>.</summary>
public sealed class Story(int capacity)
{
    private readonly Queue<StoryEntry> entries = new(Math.Min(capacity, 1024));

    /// <summary>All that is kept.</summary>
    public IReadOnlyCollection<StoryEntry> Entries => entries;

    /// <summary>The transitions of some tasks, or with some causes: Dask's <c>scheduler_story</c>.</summary>
    public IEnumerable<StoryEntry> Of(IReadOnlyCollection<Key> keys, IReadOnlyCollection<Key> stimulusIds) =>
        entries.Where(e => keys.Contains(e.Key) || stimulusIds.Contains(new Key(e.StimulusId)));

    internal void Add(Key key, TaskStateName start, TaskStateName finish, byte[] stimulusId, double now)
    {
        if (capacity == 0)
        {
            return;
        }
        if (entries.Count == capacity)
        {
            entries.Dequeue();
        }
        entries.Enqueue(new StoryEntry(key, start, finish, stimulusId, now));
    }
}
