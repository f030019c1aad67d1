namespace Csds.Scheduler;

/// <summary>What groups and prefixes count about their tasks: Dask's <c>TaskCollection</c>.</summary>
public abstract class TaskCollection(string name)
{
    private readonly long[] states = new long[TaskStateNames.Count];
    private readonly Dictionary<string, long> durations = [];

    /// <summary>The collection's name.</summary>
    public string Name { get; } = name;

    /// <summary>Number of tasks ever added, those of removed groups left out (Python's <c>len</c>).</summary>
    public long Size { get; private protected set; }

    /// <summary>Bytes that the tasks have produced.</summary>
    public long NBytesTotal { get; private protected set; }

    /// <summary>Microseconds spent on all actions of the tasks.</summary>
    public long DurationMicroseconds { get; private protected set; }

    /// <summary>Microseconds spent, by action.</summary>
    public IReadOnlyDictionary<string, long> AllDurations => durations;

    /// <summary>Numbers of results by type name.</summary>
    public Dictionary<string, long> Types { get; } = [];

    /// <summary>Number of tasks in a state.</summary>
    public long CountOf(TaskStateName state) => states[(int)state];

    private protected void Count(TaskStateName state, long change) => states[(int)state] += change;

    private protected void AddDuration(string action, long microseconds)
    {
        DurationMicroseconds += microseconds;
        durations[action] = durations.GetValueOrDefault(action) + microseconds;
    }
}
