using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One transition that happened: Dask's <c>Transition</c> (row S6).</summary>
/// <param name="Key">The task.</param>
/// <param name="Start">State before.</param>
/// <param name="Finish">State that was really reached.</param>
/// <param name="Recommendations">What it recommended to do next: the last word for each task, in order.</param>
/// <param name="StimulusId">What caused it, as a token.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
public readonly record struct StoryEntry(
    Key Key, TaskStateName Start, TaskStateName Finish, IReadOnlyDictionary<Key, TaskStateName> Recommendations,
    byte[] StimulusId, double Timestamp)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"({Key.Repr()}, {Start.ToText()}, {Finish.ToText()}, {Tokens.Text(StimulusId)})";
}

/// <summary>The last transitions, oldest first; as many as <see cref="SchedulerOptions.TransitionLogLength"/>.</summary>
public sealed class Story(int capacity)
{
    private static readonly Dictionary<Key, TaskStateName> none = [];

    private readonly PiecewiseQueue<Moved> moves = new();

    // Those of all moves, one after the other: most moves have none or one, and an object for each would cost more.
    private readonly PiecewiseQueue<(Key Key, TaskStateName State)> recommended = new();

    /// <summary>How many are kept.</summary>
    public int Count => moves.Count;

    /// <summary>All that is kept.</summary>
    public IEnumerable<StoryEntry> Entries
    {
        get
        {
            using IEnumerator<(Key, TaskStateName)> recommendations = recommended.GetEnumerator();
            foreach (Moved move in moves)
            {
                Dictionary<Key, TaskStateName> next = move.Recommended == 0 ? none : new(KeyComparer.Instance);
                for (int i = 0; i < move.Recommended && recommendations.MoveNext(); i++)
                {
                    (Key key, TaskStateName state) = recommendations.Current;
                    next[key] = state;
                }
                yield return new StoryEntry(move.Key, move.Start, move.Finish, next, move.StimulusId, move.Timestamp);
            }
        }
    }

    /// <summary>
    /// The transitions of some tasks, those that recommended something for them, and those with some causes: Dask's
    /// <c>scheduler_story</c>.
    /// </summary>
    public IEnumerable<StoryEntry> Of(IReadOnlyCollection<Key> keys, IReadOnlyCollection<Key> stimulusIds) =>
        Entries.Where(e => keys.Contains(e.Key) || keys.Any(e.Recommendations.ContainsKey) || stimulusIds.Contains(new Key(e.StimulusId)));

    internal void Add(
        Key key, TaskStateName start, TaskStateName finish, ReadOnlySpan<(TaskState Task, TaskStateName State)> recommendations,
        byte[] stimulusId, double now)
    {
        if (capacity == 0)
        {
            return;
        }
        if (moves.Count == capacity)
        {
            for (int i = moves.Dequeue().Recommended; i > 0; i--)
            {
                recommended.Dequeue();
            }
        }
        moves.Enqueue(new Moved(key, start, finish, recommendations.Length, stimulusId, now));
        foreach ((TaskState ts, TaskStateName state) in recommendations)
        {
            recommended.Enqueue((ts.Key, state));
        }
    }

    private readonly record struct Moved(
        Key Key, TaskStateName Start, TaskStateName Finish, int Recommended, byte[] StimulusId, double Timestamp);
}
