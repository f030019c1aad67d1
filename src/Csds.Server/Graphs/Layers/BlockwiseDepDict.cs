using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>Dask's <c>BlockwiseDepDict</c>: values that the client has serialized one by one, or keys of tasks.</summary>
internal sealed class BlockwiseDepDict : BlockwiseDep
{
    private const int Fields = 4;

    private readonly Dictionary<int[], Opaque> values = new(BlockComparer.Instance);
    private readonly Dictionary<int[], byte[]> keys = new(BlockComparer.Instance);
    private int dimensions = 1;
    private bool producesKeys;

    private BlockwiseDepDict()
    {
    }

    /// <inheritdoc/>
    internal override bool ProducesKeys => producesKeys;

    /// <inheritdoc/>
    internal override bool IsPickled => producesKeys;

    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle)
    {
        if (KeyAt(block) is { } key)
        {
            pickle.Str(new MessageReader(key).ReadUtf8());
        }
        else
        {
            PickleTuple(block, pickle);
        }
    }

    /// <inheritdoc/>
    internal override Opaque? SerializedAt(ReadOnlySpan<int> block) => Find(values, block);

    /// <inheritdoc/>
    internal override byte[]? KeyAt(ReadOnlySpan<int> block) => Find(keys, block);

    /// <summary>Reads the state; null if it is not exactly what is known.</summary>
    internal static new BlockwiseDepDict? TryRead(ref MessageReader state)
    {
        var dep = new BlockwiseDepDict();
        return state.TryReadFields(Fields, dep.TryReadField) && (dep.producesKeys ? dep.values.Count : dep.keys.Count) == 0 ? dep : null;
    }

    private bool TryReadField(string field, ref MessageReader state) => field switch
    {
        "mapping" => TryReadMapping(ref state),
        "numblocks" => TryReadDimensions(ref state),
        "produces_tasks" => state.TryReadBool(out _),
        "produces_keys" => state.TryReadBool(out producesKeys),
        _ => false,
    };

    private bool TryReadMapping(ref MessageReader state)
    {
        if (state.NextType != MessagePackType.Map)
        {
            return false;
        }
        int entries = state.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!state.TryReadCounts(out int[] block))
            {
                return false;
            }
            if (state.NextType == MessagePackType.String)
            {
                keys[block] = state.ReadToken().ToArray();
            }
            else if (state.TryReadSerialized(out Opaque value))
            {
                values[block] = value;
            }
            else
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadDimensions(ref MessageReader state)
    {
        if (!state.TryReadCounts(out int[] blocks))
        {
            return false;
        }
        dimensions = Math.Max(1, blocks.Length);
        return true;
    }

    // An array that was made of a dataframe has more dimensions than the mapping: the first ones are looked up then.
    private T? Find<T>(Dictionary<int[], T> mapping, ReadOnlySpan<int> block)
        where T : class
    {
        var byBlock = mapping.GetAlternateLookup<ReadOnlySpan<int>>();
        return byBlock.TryGetValue(block, out T? value)
            || byBlock.TryGetValue(block[..Math.Min(block.Length, dimensions)], out value) ? value : null;
    }
}
