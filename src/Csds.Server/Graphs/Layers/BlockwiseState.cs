using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>What <c>Blockwise.__dask_distributed_pack__</c> sends. The labels of dimensions are numbered here.</summary>
internal sealed class BlockwiseState
{
    private const int Fields = 13;

    /// <summary>NumPy's arrays have half as many.</summary>
    private const int MostDimensions = 64;

    private readonly Dictionary<Key, int> labels = new(KeyComparer.Instance);
    private readonly Dictionary<int, int> counts = [];
    private readonly Dictionary<Key, int[]> numBlocks = new(KeyComparer.Instance);
    private byte[] output = [];
    private int[] outputIndices = [];
    private byte[]? function;
    private Opaque? serializedFunction;
    private byte[][] futureArguments = [], globalDependencies = [];
    private bool concatenate;
    private int[][] outputBlocks = [];

    private BlockwiseState()
    {
    }

    /// <summary>Name of the collection that is made, in UTF-8.</summary>
    internal byte[] Output => output;

    /// <summary>Labels of its dimensions.</summary>
    internal int[] OutputIndices => outputIndices;

    /// <summary>The token of the pickled function; null if it is <see cref="SerializedFunction"/>.</summary>
    internal byte[]? Function => function;

    /// <summary>The function in the form for tasks that have tasks in them.</summary>
    internal Opaque? SerializedFunction => serializedFunction;

    /// <summary>Keys, as tokens, of futures within the function: its last arguments.</summary>
    internal byte[][] FutureArguments => futureArguments;

    /// <summary>Keys, as tokens, that all tasks depend on.</summary>
    internal byte[][] GlobalDependencies => globalDependencies;

    /// <summary>The token of each argument's name with the labels of its dimensions; null: the name is a key.</summary>
    internal List<(Key Name, int[]? Indices)> Arguments { get; } = [];

    /// <summary>Whether blocks along a dimension that the output lacks are concatenated for the function; else it gets a list.</summary>
    internal bool Concatenate => concatenate;

    /// <summary>The wanted blocks of the output; empty: all.</summary>
    internal int[][] OutputBlocks => outputBlocks;

    /// <summary>What is meant by a name that is no collection's.</summary>
    internal Dictionary<Key, BlockwiseDep> IoDeps { get; } = new(KeyComparer.Instance);

    /// <summary>Reads the state; null if it is not exactly what is known.</summary>
    internal static BlockwiseState? TryRead(ref MessageReader reader)
    {
        var state = new BlockwiseState();
        return reader.TryReadFields(Fields, state.TryReadField) && state.IsConsistent() ? state : null;
    }

    /// <summary>Number of blocks along the dimension with a label.</summary>
    internal int CountOf(int label) => counts[label];

    /// <summary>Number of blocks along each dimension of an argument.</summary>
    internal int[] NumBlocksOf(Key name) => numBlocks[name];

    private bool TryReadField(string field, ref MessageReader reader) => field switch
    {
        "output" => reader.TryReadText(out output),
        "output_indices" => TryReadLabels(ref reader, out outputIndices),
        "func" => TryReadFunction(ref reader),
        "func_future_args" => reader.TryReadTexts(out futureArguments),
        "global_dependencies" => reader.TryReadTexts(out globalDependencies),
        "indices" => TryReadArguments(ref reader),
        "is_list" => TryReadIsList(ref reader),
        "numblocks" => TryReadNumBlocks(ref reader),
        "concatenate" => reader.TryReadNil() || reader.TryReadBool(out concatenate),
        "new_axes" => TrySkipMap(ref reader), // Their lengths are among the dims.
        "output_blocks" => reader.TryReadNil() || reader.TryReadManyCounts(out outputBlocks),
        "dims" => TryReadDims(ref reader),
        "io_deps" => TryReadIoDeps(ref reader),
        _ => false,
    };

    private bool TryReadFunction(ref MessageReader reader)
    {
        if (reader.NextType != MessagePackType.Binary)
        {
            return reader.TryReadSerialized(out serializedFunction);
        }
        function = reader.ReadToken().ToArray();
        return true;
    }

    // Names and labels alternate.
    private bool TryReadArguments(ref MessageReader reader)
    {
        if (!reader.TryReadSequence(out int count) || count % 2 != 0)
        {
            return false;
        }
        for (int i = 0; i < count; i += 2)
        {
            bool isText = reader.NextType == MessagePackType.String;
            Key name = isText ? reader.ReadKey() : default;
            if (!isText && !TryReadTupleKey(ref reader, out name))
            {
                return false;
            }
            if (reader.TryReadNil())
            {
                Arguments.Add((name, null));
                continue;
            }
            if (!isText || !TryReadLabels(ref reader, out int[] indices))
            {
                return false;
            }
            Arguments.Add((name, indices));
        }
        return true;
    }

    // What stringify makes of ('name', 0, 1).
    private static bool TryReadTupleKey(ref MessageReader reader, out Key key)
    {
        key = default;
        MessageReader tuple = reader.Peek();
        if (tuple.NextType != MessagePackType.Array || tuple.ReadArrayHeader() is var items && items == 0
            || tuple.NextType != MessagePackType.String)
        {
            return false;
        }
        for (int i = 0; i < items; i++)
        {
            if (tuple.NextType is not (MessagePackType.String or MessagePackType.Integer))
            {
                return false;
            }
            tuple.Skip();
        }
        key = Key.FromString(reader.ReadKey().Repr());
        return true;
    }

    private bool TryReadLabels(ref MessageReader reader, out int[] indices)
    {
        indices = [];
        if (!reader.TryReadSequence(out int count) || count > MostDimensions)
        {
            return false;
        }
        int[] found = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryReadLabel(ref reader, out found[i]))
            {
                return false;
            }
        }
        indices = found;
        return true;
    }

    private bool TryReadLabel(ref MessageReader reader, out int label)
    {
        label = 0;
        if (reader.NextType is not (MessagePackType.String or MessagePackType.Integer))
        {
            return false;
        }
        Key key = reader.ReadKey();
        if (!labels.TryGetValue(key, out label))
        {
            labels[key] = label = labels.Count;
        }
        return true;
    }

    // Lists are literals, which Dask puts into the function.
    private static bool TryReadIsList(ref MessageReader reader)
    {
        if (!reader.TryReadSequence(out int count))
        {
            return false;
        }
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadBool(out bool isList) || isList)
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadNumBlocks(ref MessageReader reader)
    {
        if (reader.NextType != MessagePackType.Map)
        {
            return false;
        }
        int count = reader.ReadMapHeader();
        for (int i = 0; i < count; i++)
        {
            if (reader.NextType != MessagePackType.String)
            {
                return false;
            }
            Key name = reader.ReadKey();
            if (!reader.TryReadCounts(out int[] blocks))
            {
                return false;
            }
            numBlocks[name] = blocks;
        }
        return true;
    }

    private static bool TrySkipMap(ref MessageReader reader)
    {
        bool isMap = reader.NextType == MessagePackType.Map;
        reader.Skip();
        return isMap;
    }

    private bool TryReadDims(ref MessageReader reader)
    {
        if (reader.NextType != MessagePackType.Map)
        {
            return false;
        }
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!TryReadLabel(ref reader, out int label) || !reader.TryReadCount(out int count))
            {
                return false;
            }
            counts[label] = count;
        }
        return true;
    }

    private bool TryReadIoDeps(ref MessageReader reader)
    {
        if (reader.NextType != MessagePackType.Map)
        {
            return false;
        }
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.NextType != MessagePackType.String)
            {
                return false;
            }
            Key name = reader.ReadKey();
            if (BlockwiseDep.TryRead(ref reader) is not { } dep)
            {
                return false;
            }
            IoDeps[name] = dep;
        }
        return true;
    }

    // Where Dask asserts something, it says so itself.
    private bool IsConsistent()
    {
        var collections = new HashSet<Key>(KeyComparer.Instance);
        foreach ((Key name, int[]? indices) in Arguments)
        {
            if (indices is not null)
            {
                collections.Add(name);
            }
        }
        return labels.Values.All(counts.ContainsKey)
            && collections.SetEquals(numBlocks.Keys)
            && OutputBlocks.All(block => block.Length == OutputIndices.Length)
            && output.Length > 0
            && (function is null ? serializedFunction is not null : !concatenate);
    }
}
