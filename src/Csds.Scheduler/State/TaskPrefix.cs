namespace Csds.Scheduler;

/// <summary>All tasks of one kind, whatever graph they came in: Dask's <c>TaskPrefix</c>. Never removed.</summary>
public sealed class TaskPrefix : TaskCollection
{
    private readonly long[] stateCounts = new long[TaskStateNames.Count];

#pragma warning disable CA1051 // A mutable struct that must not be copied.
    /// <summary>Groups, in order of creation.</summary>
    public OrderedSet<TaskGroup> Groups;
#pragma warning restore CA1051

    internal TaskPrefix(string name, double? defaultDuration, long insertion)
        : base(insertion)
    {
        Name = name;
        DurationAverage = defaultDuration ?? -1;
        HasDefaultDuration = defaultDuration is not null;
    }

    /// <summary>Moving average of the run time in seconds; negative while unknown (row S38).</summary>
    public double DurationAverage { get; internal set; }

    /// <summary>The configuration names a duration for it.</summary>
    public bool HasDefaultDuration { get; }

    /// <summary>Longest run seen in progress, in seconds; -1 while none.</summary>
    public double MaxExecTime { get; private set; } = -1;

    /// <summary>How often a worker died on one of the tasks.</summary>
    public long Suspicious { get; internal set; }

    /// <summary>Number of tasks in processing that count for occupancy, over all workers.</summary>
    public long Processing { get; internal set; }

    /// <summary>What it adds to the total occupancy at the moment, in seconds.</summary>
    internal double OccupancyShare { get; set; }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>How many transitions into a state there were.</summary>
    public long StateCount(TaskStateName state) => stateCounts[(int)state];

    internal void Add(TaskStateName state)
    {
        Count(state, 1);
        Size++;
    }

    internal void Move(TaskStateName from, TaskStateName to)
    {
        Count(from, -1);
        Count(to, 1);
        stateCounts[(int)to]++;
    }

    internal void AddNBytes(long diff) => NBytesTotal += diff;

    internal void AddType(string type) => AddType(type, 1);

    internal void AddExecTime(double seconds)
    {
        MaxExecTime = Math.Max(seconds, MaxExecTime);
        if (seconds > 2 * DurationAverage)
        {
            DurationAverage = -1;
        }
    }

    internal void AddMeasured(string action, long microseconds)
    {
        AddDuration(action, microseconds);
        if (action == "compute")
        {
            double seconds = microseconds / 1e6;
            DurationAverage = DurationAverage < 0 ? seconds : (0.5 * seconds) + (0.5 * DurationAverage);
        }
    }

    internal void Remove(TaskGroup group)
    {
        Groups.Remove(group);
        for (int state = 0; state < TaskStateNames.Count; state++)
        {
            Count((TaskStateName)state, -group.CountOf((TaskStateName)state));
        }
        Size -= group.Size;
        DurationMicroseconds -= group.DurationMicroseconds;
        NBytesTotal -= group.NBytesTotal;
        foreach ((string type, long count) in group.Types)
        {
            AddType(type, -count);
        }
    }
}
