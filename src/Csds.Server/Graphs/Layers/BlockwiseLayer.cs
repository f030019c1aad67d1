using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Dask's <c>Blockwise</c>, and <c>DataFrameIOLayer</c>, which is one: <c>make_blockwise_graph</c> as a scheduler calls it.
/// </summary>
internal sealed class BlockwiseLayer
{
    private readonly BlockwiseState state;
    private readonly LayerTasks tasks;
    private readonly BlockwiseArgument[] arguments;
    private readonly CollectionKeys output;
    private readonly PickleWriter pickle = new();
    private readonly FramedRunSpecs framed = new();

    // Made when it is needed.
    private Opaque? function;

    private BlockwiseLayer(BlockwiseState state, LayerTasks tasks, BlockwiseArgument[] arguments)
    {
        this.state = state;
        this.tasks = tasks;
        this.arguments = arguments;
        output = new CollectionKeys(state.Output);
    }

    // The function in the form that stands among the frames of a run spec.
    private Opaque Function => function ??= state.SerializedFunction
        ?? Pickled.Serialized(new PickleWriter().Bytes(new MessageReader(state.Function).ReadBytes().Span).ToArray());

    /// <inheritdoc cref="LayerReader"/>
    internal static bool TryRead(ref MessageReader reader, LayerTasks tasks) =>
        BlockwiseState.TryRead(ref reader) is { } state
        && BlockwiseArguments.TryMake(state) is { } arguments
        && new BlockwiseLayer(state, tasks, arguments).TryMake();

    private bool TryMake()
    {
        double blocks = state.OutputBlocks.Length;
        if (blocks == 0)
        {
            blocks = state.OutputIndices.Aggregate(1.0, (count, label) => count * state.CountOf(label));
        }
        double bytes = output.Bytes + arguments.Sum(a => a.Bytes) + (sizeof(long) * state.GlobalDependencies.Length);
        return tasks.TryExpect(blocks, bytes)
            && (state.OutputBlocks.Length == 0 ? TryMakeAll() : Array.TrueForAll(state.OutputBlocks, block => TryMakeTask(block)));
    }

    // All blocks; the last index changes first.
    private bool TryMakeAll()
    {
        int[] counts = Array.ConvertAll(state.OutputIndices, state.CountOf);
        if (counts.Contains(0))
        {
            return true;
        }
        int[] block = new int[counts.Length];
        while (true)
        {
            if (!TryMakeTask(block))
            {
                return false;
            }
            int last = block.Length - 1;
            while (last >= 0 && ++block[last] == counts[last])
            {
                block[last--] = 0;
            }
            if (last < 0)
            {
                return true;
            }
        }
    }

    private bool TryMakeTask(ReadOnlySpan<int> block)
    {
        bool isPickled = state.Function is not null;
        foreach (BlockwiseArgument argument in arguments)
        {
            isPickled &= argument.IsPickled;
            if (!argument.Allows(block))
            {
                return false;
            }
        }
        tasks.Begin(output.Write(block));
        if (!TryConnect(block))
        {
            return false;
        }
        tasks.End(isPickled ? Call(block) : Framed(block));
        return true;
    }

    // Keys among the io_deps count for the output's block, whatever the argument is asked for.
    private bool TryConnect(ReadOnlySpan<int> block)
    {
        foreach (byte[] key in state.GlobalDependencies)
        {
            tasks.Needs(key);
        }
        foreach (BlockwiseDep dep in state.IoDeps.Values)
        {
            if (!dep.ProducesKeys)
            {
                continue;
            }
            if (dep.KeyAt(block) is not { } key)
            {
                return false;
            }
            tasks.Needs(key);
        }
        return true;
    }

    // {"function": pickle, "args": pickle of a list}
    private RunSpec Call(ReadOnlySpan<int> block)
    {
        pickle.Restart().Mark();
        foreach (BlockwiseArgument argument in arguments)
        {
            argument.Pickle(block, pickle, tasks);
        }
        pickle.List();
        return tasks.Calls.Call(state.Function, pickle.End());
    }

    // {"function": pickle, "args": [...]}, or {"run_spec": (function, ...)}, a task that may have tasks in it
    private RunSpec Framed(ReadOnlySpan<int> block)
    {
        MessageWriter w = framed.Begin();
        if (state.Function is null)
        {
            w.Map(1);
            w.Text("run_spec"u8);
            w.List(1 + arguments.Length);
            w.Value(Function);
        }
        else
        {
            w.Map(2);
            w.Field("function"u8, Function);
            w.Text("args"u8);
            w.List(arguments.Length);
        }
        foreach (BlockwiseArgument argument in arguments)
        {
            argument.Write(block, ref w, tasks);
        }
        w.End();
        return framed.End();
    }
}
