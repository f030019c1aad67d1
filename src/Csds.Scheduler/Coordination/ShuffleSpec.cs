using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What the graph says of a P2P shuffle (row S64): Dask's <c>ShuffleSpec</c>, which stays pickled, and what the helper read
/// in it. It belongs to the shuffle's barrier task.
/// </summary>
public sealed class ShuffleSpec
{
    /// <summary>The shuffle's id, a str.</summary>
    public required Key Id { get; init; }

    /// <summary>The pickled spec, for the workers.</summary>
    public required byte[] Pickle { get; init; }

    /// <summary>The output partitions: numbers, or tuples of numbers.</summary>
    public required Key[] Partitions { get; init; }

    /// <summary>The place of each partition among all that there could be, from 0, below <see cref="Scale"/>.</summary>
    public required int[] Places { get; init; }

    /// <summary>The number of places; at least 1.</summary>
    public required int Scale { get; init; }

    /// <summary>Dask's <c>pick_worker</c>: the places are spread evenly over the workers.</summary>
    internal string PickWorker(int partition, IReadOnlyList<string> workers) =>
        workers[(int)((long)workers.Count * Places[partition] / Scale)];
}
