namespace Csds.Server;

/// <summary>Bounds of the helper processes.</summary>
public sealed record HelperOptions
{
    /// <summary>
    /// How many helpers may run at once. Each expands one graph at a time; the second is started when a graph comes
    /// while the first is busy, so that one client's graph that takes long, or hangs, does not hold up the others.
    /// </summary>
    public int Processes { get; init; } = 4;

    /// <summary>How long a helper may take to start.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a helper may work on one graph.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Resident bytes at which a helper is stopped; 0: never. The default is four fifths of what this machine or
    /// container has, so that the helper is stopped before the kernel has to choose a victim.
    /// </summary>
    public long MemoryLimit { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5 * 4;

    /// <summary>Whether graphs are checked as Dask does with <c>distributed.scheduler.validate</c>.</summary>
    public bool Validate { get; init; }
}
