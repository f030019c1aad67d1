using Csds.Protocol;

namespace Csds.Server;

/// <summary>Dask's <c>BlockIndex</c>: the index of the block itself.</summary>
internal sealed class BlockIndex : BlockwiseDep
{
    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle) => PickleTuple(block, pickle);

    /// <summary>Reads the state; null if it is not exactly what is known.</summary>
    internal static new BlockIndex? TryRead(ref MessageReader state) =>
        state.ReadMapHeader() == 1 && state.ReadUtf8().SequenceEqual("numblocks"u8) && state.TryReadCounts(out _) ? new BlockIndex() : null;
}
