using System.Runtime.CompilerServices;

namespace Csds.Scheduler;

/// <summary>What groups and prefixes count about their tasks: Dask's <c>TaskCollection</c>.</summary>
/// <remarks>A graph of single tasks has as many groups as tasks: what is not counted yet takes no memory.</remarks>
public abstract class TaskCollection(long insertion) : Numbered(insertion)
{
    private static readonly Dictionary<string, long> none = [];

    private StateCounts states;
    private Tally? durations;
    private Tally? types;

    /// <summary>The collection's name.</summary>
    public abstract string Name { get; }

    /// <summary>Number of tasks ever added, those of removed groups left out (Python's <c>len</c>).</summary>
    public long Size { get; private protected set; }

    /// <summary>Bytes that the tasks have produced.</summary>
    public long NBytesTotal { get; private protected set; }

    /// <summary>Microseconds spent on all actions of the tasks.</summary>
    public long DurationMicroseconds { get; private protected set; }

    /// <summary>Microseconds spent, by action.</summary>
    public IReadOnlyDictionary<string, long> AllDurations => durations?.Sums ?? none;

    /// <summary>Numbers of results by type name.</summary>
    public IReadOnlyDictionary<string, long> Types => types?.Sums ?? none;

    /// <summary>Number of tasks in a state.</summary>
    public long CountOf(TaskStateName state) => states[(int)state];

    private protected void Count(TaskStateName state, long change) => states[(int)state] += change;

    private protected void AddDuration(string action, long microseconds)
    {
        DurationMicroseconds += microseconds;
        (durations ??= new Tally()).Add(action, microseconds);
    }

    private protected void AddType(string type, long change) => (types ??= new Tally()).Add(type, change);

    [InlineArray(TaskStateNames.Count)]
    private struct StateCounts
    {
        private long first;
    }
}
