namespace Csds.Scheduler;

/// <summary>How many workers to close: the parameters of Dask's <c>workers_to_close</c>.</summary>
public sealed record DownscalingRequest
{
    /// <summary>Memory of the workers that stay, as a multiple of the bytes that are stored; 2 if nothing else is said.</summary>
    public double? MemoryRatio { get; init; }

    /// <summary>Number of workers to close.</summary>
    public int? N { get; init; }

    /// <summary>Number of workers to keep at least.</summary>
    public int? Minimum { get; init; }

    /// <summary>Number of workers to have afterwards; counts without <see cref="N"/> only.</summary>
    public int? Target { get; init; }
}
