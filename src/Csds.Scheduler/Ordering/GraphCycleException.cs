namespace Csds.Scheduler.Ordering;

/// <summary>The tasks of a graph wait for each other, so that none of them can ever run.</summary>
public sealed class GraphCycleException : Exception
{
    /// <summary>Creates the exception with the tasks of one cycle, the first of them again at the end.</summary>
    public GraphCycleException(IReadOnlyList<int> cycle)
        : base("Cycle detected between the following keys:\n  -> " + string.Join("\n  -> ", cycle)) => Cycle = cycle;

    /// <summary>Indices of the tasks; a message for users has their keys instead.</summary>
    public IReadOnlyList<int> Cycle { get; }
}
