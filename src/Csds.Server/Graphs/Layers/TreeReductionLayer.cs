using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Dask's <c>DataFrameTreeReduction</c>: groups of partitions are reduced until one is left, for each split.</summary>
internal sealed class TreeReductionLayer
{
    private readonly TreeReductionState state;
    private readonly LayerTasks tasks;
    private readonly CollectionKeys input, inputSplit, nodes, output;
    private readonly PickleWriter pickle = new();
    private readonly FramedRunSpecs framed = new();

    private TreeReductionLayer(TreeReductionState state, LayerTasks tasks)
    {
        this.state = state;
        this.tasks = tasks;
        input = new CollectionKeys(state.NameInput);
        inputSplit = new CollectionKeys([.. state.NameInput, .. "-split"u8]);
        nodes = new CollectionKeys(state.TreeNodeName);
        output = new CollectionKeys(state.Name);
    }

    /// <inheritdoc cref="LayerReader"/>
    internal static bool TryRead(ref MessageReader reader, LayerTasks tasks) =>
        TreeReductionState.TryRead(ref reader) is { } state && new TreeReductionLayer(state, tasks).TryMake();

    private bool TryMake()
    {
        // Each partition is taken apart and reduced, and there are fewer nodes than partitions.
        double partitions = (double)state.OutputPartitions.Length * state.PartitionsInput;
        if (!tasks.TryExpect(partitions * (state.SplitOut > 0 ? 2 : 1), 2 * (inputSplit.Bytes + nodes.Bytes + output.Bytes)))
        {
            return false;
        }
        Make();
        return true;
    }

    private void Make()
    {
        if (state.SplitOut > 0)
        {
            foreach (int split in state.OutputPartitions)
            {
                for (int partition = 0; partition < state.PartitionsInput; partition++)
                {
                    Split(partition, split);
                }
            }
        }
        foreach (int split in state.OutputPartitions)
        {
            int depth = 0, width = state.PartitionsInput;
            do
            {
                width = ReduceLevel(++depth, width, split);
            }
            while (width > 1);
        }
    }

    // Input partitions are made of several splits, of which one is taken out.
    private void Split(int partition, int split)
    {
        tasks.Begin(inputSplit.Write(partition, split));
        tasks.NeedsIfKnown(input.Write(partition));
        pickle.Restart().Mark().Str(input.Text).Int(split).Tuple();
        tasks.End(tasks.Calls.Call(WorkerFunctions.GetItem, pickle.End()));
    }

    // Reduces groups of as many nodes as the level below has; answers the number of groups.
    private int ReduceLevel(int depth, int width, int split)
    {
        int groups = ((width - 1) / state.SplitEvery) + 1;
        for (int group = 0; group < groups; group++)
        {
            int first = group * state.SplitEvery;
            int end = first + Math.Min(state.SplitEvery, width - first);
            tasks.Begin(groups == 1 ? output.Write(split) : Node(group, depth, split));
            pickle.Restart().Mark();
            for (int i = first; i < end; i++)
            {
                CollectionKeys below = Below(i, depth, split);
                tasks.NeedsIfKnown(below.Token);
                pickle.Str(below.Text);
            }
            pickle.List();
            tasks.End(Pipe(groups == 1));
        }
        return groups;
    }

    // Dask's _make_key: the split is there if there are several.
    private ReadOnlySpan<byte> Node(int group, int depth, int split) =>
        state.SplitOut > 0 ? nodes.Write(group, depth, split) : nodes.Write(group, depth);

    private CollectionKeys Below(int number, int depth, int split)
    {
        if (depth > 1)
        {
            Node(number, depth - 1, split);
            return nodes;
        }
        if (state.SplitOut > 0)
        {
            inputSplit.Write(number, split);
            return inputSplit;
        }
        input.Write(number);
        return input;
    }

    // (pipe, [key, ...], concat_func, tree_node_func)
    private RunSpec Pipe(bool isLast)
    {
        MessageWriter w = framed.Begin();
        w.Map(1);
        w.Text("run_spec"u8);
        w.List(4);
        w.Value(WorkerFunctions.Pipe);
        w.Value(Pickled.Serialized(pickle.End().ToArray()));
        w.Value(state.ConcatFunc);
        w.Value(isLast ? state.FinalizeFunc ?? state.TreeNodeFunc : state.TreeNodeFunc);
        w.End();
        return framed.End();
    }
}
