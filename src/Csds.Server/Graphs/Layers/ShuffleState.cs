using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>What <c>SimpleShuffleLayer.__dask_distributed_pack__</c> sends, and what <c>ShuffleLayer</c> adds to it.</summary>
internal sealed class ShuffleState
{
    private const int Fields = 8;
    private const int StageFields = 3;

    private byte[] name = [], nameInput = [];
    private int partitions = -1, partitionsInput, stage, splits;
    private Opaque? metaInput;
    private int[] partsOut = [];
    private int[][] inputs = [];

    private ShuffleState()
    {
    }

    /// <summary>Name of the result, in UTF-8.</summary>
    internal byte[] Name => name;

    /// <summary>Name of what is shuffled, in UTF-8.</summary>
    internal byte[] NameInput => nameInput;

    /// <summary>The columns that tell where rows go, as token: a name, or a list of names.</summary>
    internal byte[] Column { get; private set; } = [];

    /// <summary>Number of partitions of the result; null is Python's None, which only a stage may have.</summary>
    internal int? Partitions => partitions < 0 ? null : partitions;

    /// <summary>Number of partitions of what is shuffled.</summary>
    internal int PartitionsInput => partitionsInput;

    /// <summary>Whether the index may be lost; null is Python's None.</summary>
    internal bool? IgnoreIndex { get; private set; }

    /// <summary>An empty partition.</summary>
    internal Opaque? MetaInput => metaInput;

    /// <summary>The wanted partitions.</summary>
    internal int[] PartsOut => partsOut;

    /// <summary>Of a stage: the digits of each partition's number; empty for a simple shuffle.</summary>
    internal int[][] Inputs => inputs;

    /// <summary>Of a stage: the digit that it sorts by.</summary>
    internal int Stage => stage;

    /// <summary>Of a stage: the base of the digits.</summary>
    internal int Splits => splits;

    /// <summary>Reads the state; null if it is not exactly what is known.</summary>
    internal static ShuffleState? TryRead(ref MessageReader reader, bool isStage)
    {
        var state = new ShuffleState();
        bool isRead = isStage
            ? reader.TryReadFields(Fields + StageFields, state.TryReadFieldOfStage)
            : reader.TryReadFields(Fields, state.TryReadField);
        return isRead && state.IsConsistent(isStage) ? state : null;
    }

    /// <summary>Pushes the columns.</summary>
    internal void PickleColumn(PickleWriter pickle)
    {
        var column = new MessageReader(Column);
        if (column.NextType != MessagePackType.Array)
        {
            pickle.Value(ref column);
            return;
        }
        pickle.Mark();
        for (int names = column.ReadArrayHeader(); names > 0; names--)
        {
            pickle.Value(ref column);
        }
        pickle.List();
    }

    /// <summary>Whether a column has the name of a task, which Dask would take it for.</summary>
    internal bool IsColumnAKey(LayerTasks tasks)
    {
        var column = new MessageReader(Column);
        int names = column.NextType == MessagePackType.Array ? column.ReadArrayHeader() : 1;
        for (; names > 0; names--)
        {
            ReadOnlySpan<byte> name = column.ReadToken();
            if (tasks.IsTask(name) || name.IndexOf("('"u8) >= 0)
            {
                return true;
            }
        }
        return false;
    }

    private bool TryReadField(string field, ref MessageReader reader) => field switch
    {
        "name" => reader.TryReadText(out name),
        "column" => TryReadColumn(ref reader),
        "npartitions" => reader.TryReadNil() || reader.TryReadCount(out partitions),
        "npartitions_input" => reader.TryReadCount(out partitionsInput),
        "ignore_index" => TryReadIgnoreIndex(ref reader),
        "name_input" => reader.TryReadText(out nameInput),
        "meta_input" => reader.TryReadSerialized(out metaInput),
        "parts_out" => reader.TryReadCounts(out partsOut),
        _ => false,
    };

    private bool TryReadFieldOfStage(string field, ref MessageReader reader) => field switch
    {
        "inputs" => reader.TryReadManyCounts(out inputs),
        "stage" => reader.TryReadCount(out stage),
        "nsplits" => reader.TryReadCount(out splits),
        _ => TryReadField(field, ref reader),
    };

    private bool TryReadColumn(ref MessageReader reader)
    {
        MessageReader column = reader.Peek();
        int count = column.NextType == MessagePackType.Array ? column.ReadArrayHeader() : 1;
        for (int i = 0; i < count; i++)
        {
            if (column.NextType is not (MessagePackType.String or MessagePackType.Integer))
            {
                return false;
            }
            column.Skip();
        }
        Column = reader.ReadToken().ToArray();
        return true;
    }

    private bool TryReadIgnoreIndex(ref MessageReader reader)
    {
        if (reader.TryReadNil())
        {
            return true;
        }
        bool isBool = reader.TryReadBool(out bool ignore);
        IgnoreIndex = ignore;
        return isBool;
    }

    // Without wanted partitions Dask means all, but never says so.
    private bool IsConsistent(bool isStage) =>
        name.Length > 0 && nameInput.Length > 0 && Column.Length > 0 && metaInput is not null && partsOut.Length > 0
        && (isStage
            ? inputs.All(digits => digits.Length > stage) && partsOut.All(part => part < inputs.Length)
            : Partitions is not null);
}
