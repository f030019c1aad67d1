namespace Csds.Server;

/// <summary>
/// Where one index of an argument's block comes from, as Dask's <c>_get_coord_mapping</c> tells: it is an index of the output's
/// block, or 0 where the argument is broadcast, or, along a dimension that the output lacks, each of several in turn.
/// </summary>
internal readonly record struct BlockCoordinate
{
    private const int Zero = -1;
    private const int Contracted = -2;

    private readonly int source;
    private readonly bool isBroadcast;

    private BlockCoordinate(int source, int count, bool isBroadcast)
    {
        this.source = source;
        this.isBroadcast = isBroadcast;
        Count = count;
    }

    /// <summary>Number of blocks along a dimension that the output lacks.</summary>
    internal int Count { get; }

    /// <summary>Whether the output lacks the dimension.</summary>
    internal bool IsContracted => source == Contracted;

    /// <summary>The index in the output's block at a position; 0 if the argument is broadcast.</summary>
    internal static BlockCoordinate FromOutput(int position, bool isBroadcast) => new(isBroadcast ? Zero : position, 1, isBroadcast);

    /// <summary>Each of so many indices; if the argument is broadcast, so many times 0.</summary>
    internal static BlockCoordinate FromEach(int count, bool isBroadcast) => new(Contracted, count, isBroadcast);

    /// <summary>The index for a block of the output.</summary>
    internal int IndexIn(ReadOnlySpan<int> block) => source == Zero ? 0 : block[source];

    /// <summary>The index of a block along a dimension that the output lacks.</summary>
    internal int IndexOf(int number) => isBroadcast ? 0 : number;
}
