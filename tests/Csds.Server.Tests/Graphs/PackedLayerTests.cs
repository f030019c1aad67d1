using System.Text;
using Csds.Protocol;
using Csds.Scheduler;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Csds.Server.Tests.Graphs;

/// <summary>Layers that Dask's clients pack without their tasks. What real clients send is in CollectionGraphsTests.</summary>
public class PackedLayerTests
{
    private static readonly Opaque function = PackedValues.Serialized(1);

    [Fact]
    public void Blocks_are_made_in_their_order()
    {
        GraphMaterialized graph = Read(Blockwise());
        Assert.Equal(
            ["('out', 0, 0) <- ('x', 0, 0) ('y', 0)", "('out', 0, 1) <- ('x', 0, 1) ('y', 0)",
                "('out', 1, 0) <- ('x', 1, 0) ('y', 0)", "('out', 1, 1) <- ('x', 1, 1) ('y', 0)"],
            Lines(graph));
        Assert.Contains("('x', 1, 0)", Text(graph.RunSpecs[2]), StringComparison.Ordinal);
        Assert.Contains("code", Text(graph.RunSpecs[2]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dimension_that_the_output_lacks_gives_lists()
    {
        Map state = Blockwise();
        state["output_indices"] = new object[] { "i" };
        Assert.Equal(
            ["('out', 0) <- ('x', 0, 0) ('x', 0, 1) ('y', 0)", "('out', 1) <- ('x', 1, 0) ('x', 1, 1) ('y', 0)"], Lines(Read(state)));
    }

    [Fact]
    public void Only_wanted_blocks_are_made()
    {
        Map state = Blockwise();
        state["output_blocks"] = new HashSet<object> { new object[] { 1, 0 } };
        Assert.Equal(["('out', 1, 0) <- ('x', 1, 0) ('y', 0)"], Lines(Read(state)));
    }

    [Fact]
    public void Keys_among_the_arguments_are_no_dependencies_but_the_global_ones_are()
    {
        Map state = Blockwise();
        state["indices"] = new object?[] { "x", new object[] { "i", "j" }, new object[] { "later", 7 }, null, "y", new object[] { "j" } };
        state["is_list"] = new object[] { false, false, false, false, false, false };
        state["global_dependencies"] = new HashSet<object> { "('later', 7)" };
        state["func_future_args"] = new object[] { "future" };
        GraphMaterialized graph = Read(state);
        Assert.Equal("('out', 0, 0) <- ('later', 7) ('x', 0, 0) ('y', 0) future", Lines(graph)[0]);
        string spec = Text(graph.RunSpecs[0]);
        string[] inOrder = ["('x', 0, 0)", "('later', 7)", "('y', 0)", "future"];
        Assert.Equal(inOrder, inOrder.OrderBy(key => spec.IndexOf(key, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_layer_without_blocks_has_no_tasks()
    {
        Map state = Blockwise();
        state["dims"] = new Map { ["i"] = 0, ["j"] = 2 };
        Assert.Empty(Read(state).Keys);
    }

    [Fact]
    public void Values_that_the_client_serialized_are_passed_on()
    {
        Map state = Blockwise();
        state["numblocks"] = new Map { ["x"] = new object[] { 2, 2 }, ["y"] = new object[] { 2 } };
        state["io_deps"] = new Map { ["y"] = Dep("dask.blockwise", "BlockwiseDepDict", Mapping(2)) };
        GraphMaterialized graph = Read(state);
        Assert.Equal("('out', 0, 1) <- ('x', 0, 1)", Lines(graph)[1]);
        Assert.Equal([101], graph.RunSpecs[1].Fields!.Frames[^1].ToArray());
        // The function is one object, whatever the number of tasks.
        Assert.Equal(graph.RunSpecs[0].Fields!.Frames[1], graph.RunSpecs[3].Fields!.Frames[1]);
    }

    public static TheoryData<string, object?> Unknown() => new()
    {
        { "surprise", 1 },
        { "output", 7 },
        { "output_indices", "ij" },
        { "output_indices", Enumerable.Repeat<object>("i", 65).ToArray() },
        { "func", "code" },
        { "func_future_args", new object[] { 1 } },
        { "global_dependencies", new object[] { 1 } },
        { "indices", new object?[] { 5, null } },
        { "indices", new object?[] { "x", null, "y" } },
        { "indices", new object?[] { "x", new object[] { "i", "unknown" }, "y", new object[] { "j" } } },
        { "indices", new object?[] { "x", new object[] { "i", 1.5 }, "y", new object[] { "j" } } },
        { "is_list", new object[] { true, false, false, false } },
        { "numblocks", new Map { ["x"] = new object[] { 2, 2 } } },
        { "numblocks", null },
        { "concatenate", true },
        { "concatenate", 1 },
        { "output_blocks", new object[] { new object[] { 1 } } },
        { "output_blocks", new object[] { new object[] { -1, 0 } } },
        { "dims", new Map { ["i"] = 2 } },
        { "dims", new Map { ["i"] = 2, ["j"] = 1.0 } },
        { "dims", new Map { ["i"] = 2_000_000, ["j"] = 2_000_000 } },
        { "io_deps", new Map { ["y"] = Dep("dask.blockwise", "SomethingElse", []) } },
        { "io_deps", new Map { ["y"] = Dep("elsewhere", "BlockwiseDepDict", Mapping(2)) } },
        { "io_deps", new Map { ["y"] = Dep("dask.blockwise", "BlockwiseDepDict", []) } },
        { "io_deps", new Map { ["y"] = Dep("dask.layers", "ArrayChunkShapeDep", new Map { ["chunks"] = new object[] { Array.Empty<object>() } }) } },
        { "io_deps", new Map { ["y"] = Dep("dask.layers", "ArraySliceDep", new Map { ["chunks"] = new object[] { new object[] { double.NaN } } }) } },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public void What_is_not_exactly_known_is_left_to_Python(string field, object? value)
    {
        Map state = Blockwise();
        state[field] = value;
        Assert.Null(TryRead(state));
    }

    [Fact]
    public void A_field_that_is_missing_is_left_to_Python()
    {
        foreach (object field in Blockwise().Keys)
        {
            Map state = Blockwise();
            state.Remove(field);
            Assert.Null(TryRead(state));
        }
    }

    [Theory]
    [InlineData("dask.blockwise", "BlockwiseIO")]
    [InlineData("dask.blockwise.more", "Blockwise")]
    [InlineData("dask", "Blockwise")]
    [InlineData("mine", "Blockwise")]
    [InlineData("dask.layers", "Blockwise")]
    [InlineData("", "Blockwise")]
    [InlineData("dask.blockwise", null)]
    public void Classes_are_known_by_their_exact_names(string module, string? name) =>
        Assert.Null(TryRead(Blockwise(), module, name));

    [Fact]
    public void Nothing_is_made_of_a_graph_of_which_one_layer_is_not_known()
    {
        Map known = Layer("dask.blockwise", "Blockwise", Blockwise()), unknown = Layer("dask.layers", "ArrayOverlapLayer", []);
        Assert.Null(ReadLayers(known, unknown));
        Assert.Null(ReadLayers(unknown, known));
        Assert.NotNull(ReadLayers(known, known));
    }

    [Fact]
    public void A_tree_ends_in_one_task_for_each_split()
    {
        GraphMaterialized graph = Read(Tree(), "dask.layers", "DataFrameTreeReduction");
        Assert.Equal(
            ["('node', 0, 1) <- ", "('node', 1, 1) <- ", "('out', 0) <- ('node', 0, 1) ('node', 1, 1)"], Lines(graph));
        Assert.Contains("('in', 2)", Text(graph.RunSpecs[1]), StringComparison.Ordinal);
        Assert.Equal([2, 2, 3], graph.RunSpecs.Select(spec => (int)spec.Fields!.Frames[^1].Span[0]));
    }

    [Fact]
    public void A_tree_of_splits_takes_them_out_first()
    {
        Map state = Tree();
        state["split_out"] = 4;
        state["output_partitions"] = new HashSet<object> { 2 };
        GraphMaterialized graph = Read(state, "dask.layers", "DataFrameTreeReduction");
        Assert.Equal("('in-split', 0, 2) <- ", Lines(graph)[0]);
        Assert.Equal("('node', 0, 1, 2) <- ('in-split', 0, 2) ('in-split', 1, 2)", Lines(graph)[3]);
        Assert.Equal("('out', 2) <- ('node', 0, 1, 2) ('node', 1, 1, 2)", Lines(graph)[^1]);
    }

    [Theory]
    [InlineData("split_every", 1)]
    [InlineData("split_every", 0)]
    [InlineData("split_every", false)]
    [InlineData("npartitions_input", 0)]
    [InlineData("npartitions_input", int.MaxValue)]
    [InlineData("tree_node_name", "")]
    [InlineData("concat_func", null)]
    public void Trees_that_do_not_shrink_or_are_not_complete_are_left_to_Python(string field, object? value)
    {
        Map state = Tree();
        state[field] = value;
        Assert.Null(TryRead(state, "dask.layers", "DataFrameTreeReduction"));
    }

    [Fact]
    public void A_shuffle_groups_each_partition_once()
    {
        GraphMaterialized graph = Read(Shuffle(), "dask.layers", "SimpleShuffleLayer");
        Assert.Equal(
            ["('out', 1) <- ('split-out', 1, 0) ('split-out', 1, 1)", "('split-out', 1, 0) <- ('group-out', 0)", "('group-out', 0) <- ",
                "('split-out', 1, 1) <- ('group-out', 1)", "('group-out', 1) <- "],
            Lines(graph));
    }

    [Fact]
    public void A_stage_fills_up_with_empty_partitions()
    {
        Map state = Stage();
        Assert.Equal(
            ["('out', 0) <- ('split-out', 0, (0,)) ('split-out', 0, (1,))", "('split-out', 0, (0,)) <- ('group-out', (0,))",
                "('group-out', (0,)) <- ", "('split-out', 0, (1,)) <- ('group-out', (1,))", "('group-out', (1,), 'empty') <- ",
                "('group-out', (1,)) <- ('group-out', (1,), 'empty')"],
            Lines(Read(state, "dask.layers", "ShuffleLayer")));
    }

    [Theory]
    [InlineData("stage", 1)]
    [InlineData("nsplits", 3)]
    public void A_stage_whose_partitions_do_not_exist_is_left_to_Python(string field, int value)
    {
        Map state = Stage();
        state[field] = value;
        Assert.Null(TryRead(state, "dask.layers", "ShuffleLayer"));
    }

    [Fact]
    public void Annotations_are_for_all_keys_or_for_some_and_shared_by_those_that_have_the_same()
    {
        Map layer = Layer("dask.layers", "SimpleShuffleLayer", Shuffle());
        layer["annotations"] = new Map
        {
            ["retries"] = 5,
            ["priority"] = new Map
            {
                ["__expanded_annotations__"] = null,
                ["('split-out', 1, 0)"] = 1,
                ["('split-out', 1, 1)"] = 1,
                ["('group-out', 1)"] = 7,
                ["('elsewhere', 0)"] = 3,
            },
        };
        Map earlier = Layer("dask.blockwise", "Blockwise", Blockwise());
        earlier["annotations"] = new Map { ["custom"] = "x" };
        GraphMaterialized graph = ReadLayers(earlier, layer)!;
        Assert.Equal(
            ["('out', 0, 0)  0", "('out', 0, 1)  0", "('out', 1, 0)  0", "('out', 1, 1)  0", "('out', 1)  5", "('split-out', 1, 0) 1 5",
                "('group-out', 0)  5", "('split-out', 1, 1) 1 5", "('group-out', 1) 7 5"],
            Enumerable.Range(0, graph.Count).Select(i => $"{graph.KeyOf(i)} {graph.AnnotationsOf(i)!.Priority} {graph.AnnotationsOf(i)!.Retries}"));
        Assert.Same(graph.AnnotationsOf(5), graph.AnnotationsOf(7));
    }

    [Theory]
    [InlineData("(\"it's\",)", "it's")]
    [InlineData("('a \"b\" \\\\',)", "a \"b\" \\")]
    [InlineData("('\\n\\x7f日本',)", "\n\u007f日本")]
    public void Names_are_quoted_as_Python_does(string key, string name)
    {
        Map state = Blockwise();
        state["output"] = name;
        state["output_indices"] = Array.Empty<object>();
        Assert.Equal(key, Read(state).Keys[0].ToString());
    }

    [Fact]
    public void Long_keys_are_tokens_too()
    {
        Map state = Blockwise();
        state["output"] = new string('x', 70_000);
        Assert.Equal($"('{state["output"]}', 1, 1)", Read(state).Keys[3].ToString());
    }

    [Fact]
    public void What_is_malformed_breaks_the_protocol()
    {
        byte[] message = PackedValues.Message(Message(Layer("dask.blockwise", "Blockwise", Blockwise()))).Token.ToArray();
        for (int length = 0; length < message.Length; length++)
        {
            Exception? error = Record.Exception(() => Read(new Opaque(message.AsMemory(0, length))));
            Assert.True(error is not null && MessageReader.IsProtocolError(error), $"{length} bytes: {error}");
        }
    }

    private static Map Blockwise() => new()
    {
        ["output"] = "out",
        ["output_indices"] = new object[] { "i", "j" },
        ["func"] = "code"u8.ToArray(),
        ["func_future_args"] = Array.Empty<object>(),
        ["global_dependencies"] = new HashSet<object>(),
        ["indices"] = new object[] { "x", new object[] { "i", "j" }, "y", new object[] { "j" } },
        ["is_list"] = new object[] { false, false, false, false },
        ["numblocks"] = new Map { ["x"] = new object[] { 2, 2 }, ["y"] = new object[] { 1 } },
        ["concatenate"] = null,
        ["new_axes"] = new Map(),
        ["output_blocks"] = null,
        ["dims"] = new Map { ["i"] = 2, ["j"] = 2 },
        ["io_deps"] = new Map(),
    };

    private static Map Tree() => new()
    {
        ["name"] = "out",
        ["name_input"] = "in",
        ["npartitions_input"] = 3,
        ["concat_func"] = function,
        ["tree_node_func"] = PackedValues.Serialized(2),
        ["finalize_func"] = PackedValues.Serialized(3),
        ["split_every"] = 2,
        ["split_out"] = null,
        ["output_partitions"] = new object[] { 0 },
        ["tree_node_name"] = "node",
    };

    private static Map Shuffle() => new()
    {
        ["name"] = "out",
        ["column"] = "a",
        ["npartitions"] = 2,
        ["npartitions_input"] = 2,
        ["ignore_index"] = false,
        ["name_input"] = "in",
        ["meta_input"] = function,
        ["parts_out"] = new object[] { 1 },
    };

    private static Map Stage()
    {
        Map state = Shuffle();
        state["npartitions"] = null;
        state["npartitions_input"] = 1;
        state["parts_out"] = new object[] { 0 };
        state["inputs"] = new object[] { new object[] { 0 }, new object[] { 1 } };
        state["stage"] = 0;
        state["nsplits"] = 2;
        return state;
    }

    private static Map Dep(string module, string name, Map state) =>
        new() { ["__module__"] = module, ["__name__"] = name, ["state"] = state };

    // The value for block i is pickled as the byte 100 + i.
    private static Map Mapping(int blocks)
    {
        var mapping = new Map();
        for (int i = 0; i < blocks; i++)
        {
            mapping[new object[] { i }] = PackedValues.Serialized((byte)(100 + i));
        }
        return new Map { ["mapping"] = mapping, ["numblocks"] = new object[] { blocks }, ["produces_tasks"] = false, ["produces_keys"] = false };
    }

    private static Map Layer(string? module, string? name, Map state) =>
        new() { ["__module__"] = module, ["__name__"] = name, ["state"] = state, ["annotations"] = new Map() };

    private static Map Message(params Map[] layers) => new() { ["hlg"] = new Map { ["layers"] = layers } };

    private static GraphMaterialized Read(Map state, string module = "dask.blockwise", string name = "Blockwise") =>
        TryRead(state, module, name) ?? throw new InvalidOperationException("the graph needs Python");

    private static GraphMaterialized? TryRead(Map state, string module = "dask.blockwise", string? name = "Blockwise") =>
        ReadLayers(Layer(module, name, state));

    private static GraphMaterialized? ReadLayers(params Map[] layers) => Read(PackedValues.Message(Message(layers)));

    private static GraphMaterialized? Read(Opaque message)
    {
        var packed = new PackedGraph();
        var reader = new MessageReader(message);
        GraphUpdate.Read(ref reader, "client", packed);
        return packed.Build();
    }

    // Each task with what it depends on.
    private static string[] Lines(GraphMaterialized graph) => [.. Enumerable.Range(0, graph.Count).Select(i =>
    {
        IEnumerable<string> needs = graph.DependenciesOf(i).ToArray().Select(d => graph.KeyOf(d).ToString());
        return $"{graph.KeyOf(i)} <- {string.Join(' ', needs.Order(StringComparer.Ordinal))}";
    })];

    private static string Text(RunSpec spec)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        SplitFields.WriteTask(ref w, spec);
        return string.Concat(batch.Frames.Prepend(batch.Seal()).Select(frame => Encoding.Latin1.GetString(frame.Span)));
    }
}
