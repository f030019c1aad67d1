using Csds.Protocol;
using Csds.Scheduler;
using Csds.Server;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>Graphs whose layers are packed without their tasks, of which the input is the msgpack frame.</summary>
public static class LayerTarget
{
    /// <summary>Inputs with each kind of layer, which random bytes would never become.</summary>
    public static IEnumerable<byte[]> Seeds()
    {
        PythonDict dict = Dep("dask.blockwise", "BlockwiseDepDict", new PythonDict()
            .With("mapping", new PythonDict().With(List(0L), Serialized(1)).With(List(1L), Serialized(3)))
            .With("numblocks", List(2L)).With("produces_tasks", false).With("produces_keys", false));
        PythonDict slices = Dep("dask.layers", "ArraySliceDep", new PythonDict().With("chunks", List(List(3L, 2L))));
        PythonDict index = Dep("dask.blockwise", "BlockIndex", new PythonDict().With("numblocks", List(2L)));
        PythonDict[] layers =
        [
            Layer("dask.blockwise", "Blockwise", Blockwise("a", new byte[] { 1 }, null)),
            Layer("dask.layers", "DataFrameIOLayer", Blockwise("b", new byte[] { 2 }, dict)),
            Layer("dask.blockwise", "Blockwise", Blockwise("c", Serialized(1), slices)),
            Layer("dask.blockwise", "Blockwise", Blockwise("d", Serialized(1), index, concatenate: true)),
            Layer("dask.layers", "DataFrameTreeReduction", Tree()),
            Layer("dask.layers", "SimpleShuffleLayer", Shuffle()),
            Layer("dask.layers", "ShuffleLayer", Shuffle()
                .With("inputs", List(List(0L), List(1L))).With("stage", 0L).With("nsplits", 2L)),
        ];
        return layers.Select(layer => Input(layer)).Append(Input(layers));
    }

    /// <summary>Reads the message; a graph that comes out holds together.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (TryRead(input) is { } graph)
        {
            Check(graph);
        }
    }

    /// <summary>The graph in a message; null if it is malformed, or only Python understands it.</summary>
    internal static GraphMaterialized? TryRead(ReadOnlySpan<byte> input)
    {
        using FrameGroup message = Frames.Behind(input);
        var packed = new PackedGraph();
        try
        {
            var reader = new MessageReader(message);
            GraphUpdate.Read(ref reader, "client", packed);
            return packed.Build();
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            return null;
        }
    }

    private static void Check(GraphMaterialized graph)
    {
        bool isWhole = graph.RunSpecs.Length == graph.Count && Array.TrueForAll(graph.RunSpecs, spec => !spec.IsNone)
            && graph.DependencyOffsets.Length == graph.Count + 1 && graph.DependencyOffsets[^1] == graph.Dependencies.Length
            && Array.TrueForAll(graph.Dependencies, d => d >= 0 && d < graph.Count + graph.External.Length);
        if (!isWhole)
        {
            throw new InvalidDataException("a graph does not hold together");
        }
        foreach (RunSpec spec in graph.RunSpecs)
        {
            var batch = new MessageBatch();
            MessageWriter w = batch.Single();
            SplitFields.WriteTask(ref w, spec);
            w.End();
            _ = new MessageReader(batch.ToOpaque()).ReadToken();
        }
    }

    private static PythonDict Blockwise(string name, object function, PythonDict? dep, bool concatenate = false) => new PythonDict()
        .With("output", name)
        .With("output_indices", List(".0"))
        .With("func", function)
        .With("func_future_args", List("future"))
        .With("global_dependencies", new PythonSet(["z"]))
        .With("indices", List("x", List(".0", ".1"), "y", List(".0"), List("z", 1L), null))
        .With("is_list", List(false, false))
        .With("numblocks", new PythonDict().With("x", List(2L, 3L)).With("y", List(2L)))
        .With("concatenate", concatenate)
        .With("new_axes", new PythonDict())
        .With("output_blocks", dep is null ? null : new PythonSet([List(1L), List(0L)]))
        .With("dims", new PythonDict().With(".0", 2L).With(".1", 3L))
        .With("io_deps", dep is null ? new PythonDict() : new PythonDict().With("y", dep));

    private static PythonDict Tree() => new PythonDict()
        .With("name", "t").With("name_input", "a").With("npartitions_input", 5L)
        .With("concat_func", Serialized(1)).With("tree_node_func", Serialized(3)).With("finalize_func", Serialized(1))
        .With("split_every", 2L).With("split_out", 2L).With("output_partitions", List(0L, 1L)).With("tree_node_name", "n");

    private static PythonDict Shuffle() => new PythonDict()
        .With("name", "s").With("column", List("c", 1L)).With("npartitions", 2L).With("npartitions_input", 2L)
        .With("ignore_index", false).With("name_input", "a").With("meta_input", Serialized(1)).With("parts_out", List(0L, 1L));

    private static PythonDict Layer(string module, string name, PythonDict state) => new PythonDict()
        .With("__module__", module).With("__name__", name).With("state", state)
        .With("annotations", new PythonDict().With("retries", 1L).With(
            "priority", new PythonDict().With("__expanded_annotations__", null).With("('a', 0)", 1L)));

    private static PythonDict Dep(string module, string name, PythonDict state) =>
        new PythonDict().With("__module__", module).With("__name__", name).With("state", state);

    private static PythonDict Serialized(long frame) => new PythonDict().With("__Serialized__", frame);

    private static List<object?> List(params object?[] items) => [.. items];

    private static byte[] Input(params PythonDict[] layers) => Message.ToKey(new PythonDict()
        .With("op", "update-graph-hlg")
        .With("hlg", new PythonDict().With("layers", List(layers)))
        .With("keys", List("('a', 0)"))).Token.ToArray();
}
