using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Dask's <c>SimpleShuffleLayer</c>: each partition is cut into groups, and each output partition is put together from one
/// group of every partition. And <c>ShuffleLayer</c>, the same for one digit of the partitions' numbers.
/// </summary>
internal sealed class ShuffleLayer
{
    private readonly ShuffleState state;
    private readonly LayerTasks tasks;
    private readonly CollectionKeys input, groups, empty, splits, output;
    private readonly PickleWriter pickle = new();
    private readonly bool isStage;

    // Of a stage: the number of the partition with some digits.
    private readonly Dictionary<int[], int>.AlternateLookup<ReadOnlySpan<int>> numberOf;
    private int[] digits = [];
    private bool[] isGrouped = [];

    private ShuffleLayer(ShuffleState state, LayerTasks tasks, bool isStage)
    {
        this.state = state;
        this.tasks = tasks;
        this.isStage = isStage;
        input = new CollectionKeys(state.NameInput);
        groups = new CollectionKeys([.. "group-"u8, .. state.Name]);
        empty = new CollectionKeys([.. "group-"u8, .. state.Name]);
        splits = new CollectionKeys([.. "split-"u8, .. state.Name]);
        output = new CollectionKeys(state.Name);
        var numbers = new Dictionary<int[], int>(state.Inputs.Length, BlockComparer.Instance);
        for (int i = 0; i < state.Inputs.Length; i++)
        {
            numbers[state.Inputs[i]] = i;
        }
        numberOf = numbers.GetAlternateLookup<ReadOnlySpan<int>>();
    }

    private int Pieces => isStage ? state.Splits : state.PartitionsInput;

    /// <summary>Reads a simple shuffle: <see cref="LayerReader"/>.</summary>
    internal static bool TryReadSimple(ref MessageReader reader, LayerTasks tasks) =>
        ShuffleState.TryRead(ref reader, isStage: false) is { } state && new ShuffleLayer(state, tasks, isStage: false).TryMake();

    /// <summary>Reads one stage of several: <see cref="LayerReader"/>.</summary>
    internal static bool TryReadStage(ref MessageReader reader, LayerTasks tasks) =>
        ShuffleState.TryRead(ref reader, isStage: true) is { } state && new ShuffleLayer(state, tasks, isStage: true).TryMake();

    private bool TryMake()
    {
        int digitBytes = 4 * state.Inputs.Aggregate(0, (most, number) => Math.Max(most, number.Length));
        if (!tasks.TryExpect(state.PartsOut.Length * (1.0 + Pieces), 2 * (splits.Bytes + groups.Bytes + digitBytes))
            || state.IsColumnAKey(tasks))
        {
            return false;
        }
        isGrouped = new bool[isStage ? state.Inputs.Length : state.PartitionsInput];
        return Array.TrueForAll(state.PartsOut, TryMakePart);
    }

    private bool TryMakePart(int part)
    {
        digits = isStage ? [.. state.Inputs[part]] : [];
        int group = isStage ? digits[state.Stage] : part;
        tasks.Begin(output.Write(part));
        pickle.Restart().Mark().Mark();
        for (int i = 0; i < Pieces; i++)
        {
            tasks.Needs(Split(group, i));
            pickle.Str(splits.Text);
        }
        pickle.List();
        IgnoreIndex().Tuple();
        tasks.End(tasks.Calls.Call(WorkerFunctions.Concat, pickle.End()));
        for (int i = 0; i < Pieces; i++)
        {
            MakeSplit(group, i);
            if (!TryMakeGroup(i))
            {
                return false;
            }
        }
        return true;
    }

    private ReadOnlySpan<byte> Split(int group, int piece) =>
        isStage ? splits.WriteNested(group, DigitsOf(piece)) : splits.Write(group, piece);

    private ReadOnlySpan<byte> Group(int piece) => isStage ? groups.WriteNested(null, DigitsOf(piece)) : groups.Write(piece);

    private int[] DigitsOf(int piece)
    {
        digits[state.Stage] = piece;
        return digits;
    }

    private void MakeSplit(int group, int piece)
    {
        tasks.Begin(Split(group, piece));
        tasks.Needs(Group(piece));
        pickle.Restart().Mark().Str(groups.Text).Int(group).Tuple();
        tasks.End(tasks.Calls.Call(WorkerFunctions.GetItem, pickle.End()));
    }

    // Once for each partition; false if a stage lacks it.
    private bool TryMakeGroup(int piece)
    {
        int number = piece;
        if (isStage && !numberOf.TryGetValue(DigitsOf(piece), out number))
        {
            return false;
        }
        if (isGrouped[number])
        {
            return true;
        }
        isGrouped[number] = true;
        CollectionKeys source = SourceOf(number, piece);
        tasks.Begin(Group(piece));
        tasks.NeedsIfKnown(source.Token);
        pickle.Restart().Mark().Str(source.Text);
        state.PickleColumn(pickle);
        Int(state.Stage, isStage ? state.Splits : state.Partitions, isStage ? state.PartitionsInput : state.Partitions);
        IgnoreIndex();
        Int(state.Partitions);
        pickle.Tuple();
        tasks.End(tasks.Calls.Call(WorkerFunctions.ShuffleGroup, pickle.End()));
        return true;
    }

    // Writes the key of what is cut into groups. The number of partitions may be no power of the base: some are empty.
    private CollectionKeys SourceOf(int number, int piece)
    {
        if (!isStage || state.Stage > 0 || number < state.PartitionsInput)
        {
            input.Write(number);
            return input;
        }
        tasks.Begin(empty.WriteNested(null, DigitsOf(piece), "empty"u8));
        tasks.End(RunSpec.FromPacked(state.MetaInput!));
        return empty;
    }

    private PickleWriter IgnoreIndex() => state.IgnoreIndex is { } ignore ? pickle.Bool(ignore) : pickle.None();

    private void Int(params ReadOnlySpan<int?> values)
    {
        foreach (int? value in values)
        {
            _ = value is { } number ? pickle.Int(number) : pickle.None();
        }
    }
}
