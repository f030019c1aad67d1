using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// A source of arguments that depend on the block alone: Dask's <c>BlockwiseDep</c>. Those whose values can be told without
/// Python have a class here.
/// </summary>
internal abstract class BlockwiseDep
{
    /// <summary>Whether its values, if there are any, are keys of other tasks.</summary>
    internal virtual bool ProducesKeys => false;

    /// <summary>Whether all values can be pickled here; otherwise the client has serialized them.</summary>
    internal virtual bool IsPickled => true;

    /// <summary>Whether there is a value for a block, or Dask's own default, which is the block's index.</summary>
    internal virtual bool Allows(ReadOnlySpan<int> block) => true;

    /// <summary>Pushes the value for a block.</summary>
    internal abstract void Pickle(ReadOnlySpan<int> block, PickleWriter pickle);

    /// <summary>The value that the client serialized for a block; null: there is none.</summary>
    internal virtual Opaque? SerializedAt(ReadOnlySpan<int> block) => null;

    /// <summary>The token of the key for a block; null: there is none.</summary>
    internal virtual byte[]? KeyAt(ReadOnlySpan<int> block) => null;

    /// <summary>Reads a packed one; null if it is not exactly what is known.</summary>
    internal static BlockwiseDep? TryRead(ref MessageReader reader)
    {
        if (reader.NextType != Nerdbank.MessagePack.MessagePackType.Map)
        {
            return null;
        }
        string? module = null, name = null;
        MessageReader state = default;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "__module__": module = reader.ReadStringOrNull(); break;
                case "__name__": name = reader.ReadStringOrNull(); break;
                case "state":
                    state = reader.Peek();
                    reader.Skip();
                    break;
                default: return null;
            }
        }
        if (state.End)
        {
            return null;
        }
        return (module, name) switch
        {
            ("dask.blockwise", "BlockwiseDepDict") => BlockwiseDepDict.TryRead(ref state),
            ("dask.blockwise", "BlockIndex") => BlockIndex.TryRead(ref state),
            ("dask.layers", "ArrayChunkShapeDep") => ArrayChunkDep.TryRead(ref state, slices: false),
            ("dask.layers", "ArraySliceDep") => ArrayChunkDep.TryRead(ref state, slices: true),
            _ => null,
        };
    }

    /// <summary>Pushes a tuple of ints.</summary>
    protected static void PickleTuple(ReadOnlySpan<int> numbers, PickleWriter pickle)
    {
        pickle.Mark();
        foreach (int number in numbers)
        {
            pickle.Int(number);
        }
        pickle.Tuple();
    }
}
