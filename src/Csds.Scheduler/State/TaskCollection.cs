using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Csds.Scheduler;

/// <summary>What groups and prefixes count about their tasks: Dask's <c>TaskCollection</c>.</summary>
/// <remarks>A graph of single tasks has as many groups as tasks: what is not counted yet takes no memory.</remarks>
public abstract class TaskCollection(long insertion) : Numbered(insertion)
{
    private static readonly Dictionary<string, long> none = [];

    private StateCounts states;
    private Dictionary<string, long>? durations;
    private Dictionary<string, long>? types;

    /// <summary>The collection's name.</summary>
    public abstract string Name { get; }

    /// <summary>Number of tasks ever added, those of removed groups left out (Python's <c>len</c>).</summary>
    public long Size { get; private protected set; }

    /// <summary>Bytes that the tasks have produced.</summary>
    public long NBytesTotal { get; private protected set; }

    /// <summary>Microseconds spent on all actions of the tasks.</summary>
    public long DurationMicroseconds { get; private protected set; }

    /// <summary>Microseconds spent, by action.</summary>
    public IReadOnlyDictionary<string, long> AllDurations => durations ?? none;

    /// <summary>Numbers of results by type name.</summary>
    public IReadOnlyDictionary<string, long> Types => types ?? none;

    /// <summary>Number of tasks in a state.</summary>
    public long CountOf(TaskStateName state) => states[(int)state];

    private protected void Count(TaskStateName state, long change) => states[(int)state] += change;

    private protected void AddDuration(string action, long microseconds)
    {
        DurationMicroseconds += microseconds;
        Add(ref durations, action, microseconds);
    }

    private protected void AddType(string type, long change) => Add(ref types, type, change);

    private static void Add(ref Dictionary<string, long>? counts, string name, long change)
    {
        counts ??= new Dictionary<string, long>(1);
        ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, name, out _);
        count += change;
        if (count == 0 && change < 0)
        {
            counts.Remove(name);
        }
    }

    [InlineArray(TaskStateNames.Count)]
    private struct StateCounts
    {
        private long first;
    }
}
