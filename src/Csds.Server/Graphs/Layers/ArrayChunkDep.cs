using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Dask's <c>ArrayChunkShapeDep</c>, a chunk's shape, and <c>ArraySliceDep</c>, the slices that cut it out of the array.
/// </summary>
/// <param name="chunks">Sizes of the chunks along each dimension.</param>
/// <param name="slices">Whether it is the latter.</param>
internal sealed class ArrayChunkDep(long[][] chunks, bool slices) : BlockwiseDep
{
    private readonly long[][] starts = Array.ConvertAll(chunks, StartsOf);

    /// <inheritdoc/>
    internal override bool Allows(ReadOnlySpan<int> block)
    {
        for (int i = 0; i < Math.Min(block.Length, chunks.Length); i++)
        {
            if (block[i] >= chunks[i].Length)
            {
                return false;
            }
        }
        return true;
    }

    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle)
    {
        pickle.Mark();
        for (int i = 0; i < Math.Min(block.Length, chunks.Length); i++)
        {
            int at = block[i];
            if (slices)
            {
                long start = starts[i][at];
                pickle.Global("builtins", "slice").Mark().Int(start).Int(start + chunks[i][at]).None().Tuple().Reduce();
            }
            else
            {
                pickle.Int(chunks[i][at]);
            }
        }
        pickle.Tuple();
    }

    /// <summary>Reads the state; null if it is not exactly what is known, which sizes of NaN are not.</summary>
    internal static ArrayChunkDep? TryRead(ref MessageReader state, bool slices)
    {
        if (state.ReadMapHeader() != 1 || !state.ReadUtf8().SequenceEqual("chunks"u8) || !state.TryReadSequence(out int dimensions))
        {
            return null;
        }
        long[][] chunks = new long[dimensions][];
        for (int i = 0; i < dimensions; i++)
        {
            if (!state.TryReadSequence(out int count))
            {
                return null;
            }
            chunks[i] = new long[count];
            for (int k = 0; k < count; k++)
            {
                if (state.NextType != MessagePackType.Integer)
                {
                    return null;
                }
                chunks[i][k] = state.ReadInt64();
            }
        }
        return new ArrayChunkDep(chunks, slices);
    }

    private static long[] StartsOf(long[] sizes)
    {
        long[] starts = new long[sizes.Length];
        for (int i = 1; i < sizes.Length; i++)
        {
            starts[i] = checked(starts[i - 1] + sizes[i - 1]);
        }
        return starts;
    }
}
