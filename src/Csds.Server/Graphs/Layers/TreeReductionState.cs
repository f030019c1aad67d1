using Csds.Protocol;

namespace Csds.Server;

/// <summary>What <c>DataFrameTreeReduction.__dask_distributed_pack__</c> sends.</summary>
internal sealed class TreeReductionState
{
    private const int Fields = 10;

    private byte[] name = [], nameInput = [], treeNodeName = [];
    private int partitionsInput, splitEvery, splitOut;
    private int[] outputPartitions = [];
    private Opaque? concatFunc, treeNodeFunc, finalizeFunc;

    private TreeReductionState()
    {
    }

    /// <summary>Name of the result, in UTF-8, as all names here.</summary>
    internal byte[] Name => name;

    /// <summary>Name of what is reduced.</summary>
    internal byte[] NameInput => nameInput;

    /// <summary>Name of the nodes between.</summary>
    internal byte[] TreeNodeName => treeNodeName;

    /// <summary>Number of partitions of what is reduced.</summary>
    internal int PartitionsInput => partitionsInput;

    /// <summary>Most nodes that one task reduces.</summary>
    internal int SplitEvery => splitEvery;

    /// <summary>Number of splits in each partition; 0: partitions are reduced as they are.</summary>
    internal int SplitOut => splitOut;

    /// <summary>The wanted splits.</summary>
    internal int[] OutputPartitions => outputPartitions;

    /// <summary>Concatenates what is reduced.</summary>
    internal Opaque? ConcatFunc => concatFunc;

    /// <summary>Reduces what was concatenated.</summary>
    internal Opaque? TreeNodeFunc => treeNodeFunc;

    /// <summary>Takes its place in the last task; null: nothing does.</summary>
    internal Opaque? FinalizeFunc => finalizeFunc;

    /// <summary>Reads the state; null if it is not exactly what is known.</summary>
    internal static TreeReductionState? TryRead(ref MessageReader reader)
    {
        var state = new TreeReductionState();
        return reader.TryReadFields(Fields, state.TryReadField) && state.IsConsistent() ? state : null;
    }

    private bool TryReadField(string field, ref MessageReader reader) => field switch
    {
        "name" => reader.TryReadText(out name),
        "name_input" => reader.TryReadText(out nameInput),
        "npartitions_input" => reader.TryReadCount(out partitionsInput),
        "concat_func" => reader.TryReadSerialized(out concatFunc),
        "tree_node_func" => reader.TryReadSerialized(out treeNodeFunc),
        "finalize_func" => reader.TryReadNil() || reader.TryReadSerialized(out finalizeFunc),
        "split_every" => reader.TryReadCount(out splitEvery),
        "split_out" => reader.TryReadNil() || reader.TryReadCount(out splitOut),
        "output_partitions" => reader.TryReadCounts(out outputPartitions),
        "tree_node_name" => reader.TryReadText(out treeNodeName),
        _ => false,
    };

    // Every level has to be smaller than the one below.
    private bool IsConsistent() =>
        name.Length > 0 && nameInput.Length > 0 && treeNodeName.Length > 0 && concatFunc is not null && treeNodeFunc is not null
        && partitionsInput > 0 && (splitEvery > 1 || (splitEvery == 1 && partitionsInput == 1));
}
