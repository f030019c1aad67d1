using System.Buffers;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server.Tests.Graphs;

/// <summary>Graphs of 2022's clients, read without Python.</summary>
public class PackedGraphTests
{
    [Fact]
    public void Tasks_are_numbered_as_they_are_defined_and_others_as_they_are_needed()
    {
        GraphMaterialized graph = Read(
            new Layer(["b"], [("b", ["x", "a"])]),
            new Layer(["a", "c"], [("c", ["y", "b", "x"]), ("a", [])]));
        Assert.Equal(["b", "a", "c"], Names(graph.Keys));
        Assert.Equal(["x", "y"], Names(graph.External));
        Assert.Equal([3, 1], graph.DependenciesOf(0).ToArray());
        Assert.Empty(graph.DependenciesOf(1).ToArray());
        Assert.Equal([4, 0, 3], graph.DependenciesOf(2).ToArray());
    }

    [Fact]
    public void What_is_said_twice_counts_once_and_nothing_depends_on_itself()
    {
        GraphMaterialized graph = Read(
            new Layer(["a"], [("a", ["a", "x", "x"])]),
            new Layer(["a"], [("a", ["y", "x"])]));
        Assert.Equal(["a"], Names(graph.Keys));
        Assert.Equal(["x", "y"], Names(graph.External));
        Assert.Equal([1, 2], graph.DependenciesOf(0).ToArray());
    }

    [Fact]
    public void What_is_said_of_no_task_counts_for_nothing()
    {
        GraphMaterialized graph = Read(new Layer(["a"], [("other", ["x"]), ("a", [])]));
        Assert.Empty(graph.External);
        Assert.Empty(graph.Dependencies);
    }

    [Fact]
    public void The_last_definition_of_a_task_counts()
    {
        GraphMaterialized graph = Read(new Layer(["a"], [], "first"), new Layer(["a"], [], "second"));
        RunSpec spec = Assert.Single(graph.RunSpecs);
        Assert.Contains("second", Text(spec), StringComparison.Ordinal);
    }

    [Fact]
    public void The_clients_order_is_by_key_and_counts_for_tasks_alone()
    {
        GraphMaterialized graph = Read(
            [("x", 9), ("c", 5), ("b", 4)], new Layer(["a", "b"], [("a", ["x"])]), new Layer(["c"], [("c", ["a"])]));
        Assert.True(graph.OrderIsGiven);
        Assert.Equal([0, 4, 5], graph.Order);
        Assert.Equal(["x"], Names(graph.External));
        Assert.False(Read(new Layer(["a"], [])).OrderIsGiven);
    }

    /// <summary>The memory of a large message is given back as its tasks are read, if nothing before them is needed any more.</summary>
    [Fact]
    public void A_large_graph_leaves_its_message_as_it_is_read()
    {
        string[] tasks = [.. Enumerable.Range(0, 200).Select(i => $"task-{i}")];
        string code = new('f', 100_000);
        using FrameGroup message = Received(Encode(null, new Layer(tasks, [("task-7", ["task-8", "x"])], code)));
        GraphMaterialized graph = Read(message) ?? throw new InvalidOperationException("the graph needs Python");
        Assert.Equal(tasks, Names(graph.Keys));
        Assert.Equal([8, 200], graph.DependenciesOf(7).ToArray());
        Assert.All(graph.RunSpecs, spec => Assert.Contains(code, Text(spec), StringComparison.Ordinal));
        Assert.Equal(!OperatingSystem.IsLinux(), message[0].Span[7_000_000..15_000_000].Contains((byte)'f'));
    }

    [Fact]
    public void A_large_graph_stays_if_it_needs_Python_or_annotations_come_first()
    {
        string[] tasks = [.. Enumerable.Range(0, 200).Select(i => $"task-{i}")];
        var large = new Layer(tasks, [], new string('f', 100_000));
        byte[] forPython = Encode(null, large, new Layer(["a"], [], Module: "somebody.else"));
        byte[] annotated = Encode(null, large with { Priority = 7 });
        using FrameGroup first = Received(forPython), second = Received(annotated);
        Assert.Null(Read(first));
        Assert.True(first[0].Span.SequenceEqual(forPython));
        Assert.All(Read(second)!.Annotations, given => Assert.Equal(7, given!.Priority));
        Assert.True(second[0].Span.SequenceEqual(annotated));
    }

    /// <summary>Layers that announce too many tasks together are not read, and the rest of the message is.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(2, true)]
    public void A_graph_with_too_many_tasks_is_left(int mostTasks, bool hasTooMany)
    {
        var packed = new PackedGraph(mostTasks);
        var reader = new MessageReader(new FrameGroup(Encode([("a", 0)], new Layer(["a", "b"], []), new Layer(["c"], []))));
        GraphUpdate.Read(ref reader, "client", packed);
        Assert.Equal(hasTooMany, packed.HasTooMany);
        Assert.Equal(hasTooMany, packed.Build() is null);
        Assert.True(reader.End);
    }

    [Fact]
    public void Two_graphs_in_one_message_are_refused()
    {
        Opaque graphs = PackedValues.Message(new Dictionary<object, object?>
        {
            ["tasks"] = new Dictionary<object, object?>(),
            ["hlg"] = new Dictionary<object, object?>(),
        });
        using FrameGroup message = new(graphs.Token);
        Assert.Throws<ProtocolException>(() => Read(message));
    }

    private static string Text(RunSpec spec)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        SplitFields.WriteTask(ref w, spec);
        return System.Text.Encoding.Latin1.GetString(batch.Seal().Span);
    }

    private static IEnumerable<string> Names(IEnumerable<Key> keys) => keys.Select(key => key.ToString());

    private static GraphMaterialized Read(params Layer[] layers) => Read(order: null, layers);

    private static GraphMaterialized Read((string Task, int Place)[]? order, params Layer[] layers)
    {
        byte[] message = Encode(order, layers);
        GraphMaterialized graph = Read(new FrameGroup(message)) ?? throw new InvalidOperationException("the graph needs Python");
        // The message's memory belongs to somebody else soon.
        Array.Fill(message, (byte)0xc1);
        return graph;
    }

    private static GraphMaterialized? Read(FrameGroup message)
    {
        var packed = new PackedGraph();
        var reader = new MessageReader(message);
        GraphUpdate.Read(ref reader, "client", packed);
        return packed.Build();
    }

    private static FrameGroup Received(byte[] msgpack)
    {
        var output = new ArrayBufferWriter<byte>(msgpack.Length + 64);
        FrameWriter.Write(output, msgpack);
        var sequence = new ReadOnlySequence<byte>(output.WrittenMemory);
        return new FrameReader().TryRead(ref sequence, out FrameGroup? message) ? message : throw new EndOfStreamException();
    }

    private static byte[] Encode((string Task, int Place)[]? order, params Layer[] layers)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(2);
        w.Text("hlg"u8);
        w.Map(1);
        w.Text("layers"u8);
        w.List(layers.Length);
        foreach (Layer layer in layers)
        {
            layer.Write(ref w);
        }
        w.Text("priority"u8);
        if (order is null)
        {
            w.Nil();
        }
        else
        {
            w.Map(order.Length);
            foreach ((string task, int place) in order)
            {
                w.Key(Key.FromString(task));
                w.Int(place);
            }
        }
        w.End();
        return batch.ToOpaque().Token.ToArray();
    }

    private sealed record Layer(
        string[] Tasks, (string Task, string[] Needs)[] Dependencies, string Function = "code", string Module = "dask.highlevelgraph",
        int? Priority = null)
    {
        internal void Write(ref MessageWriter w)
        {
            w.Map(Priority is null ? 3 : 4);
            if (Priority is { } priority)
            {
                w.Text("annotations"u8);
                w.Map(1);
                w.Field("priority"u8, priority);
            }
            w.Field("__module__"u8, Module);
            w.Field("__name__"u8, "MaterializedLayer");
            w.Text("state"u8);
            w.Map(2);
            w.Text("dsk"u8);
            w.Map(Tasks.Length);
            foreach (string task in Tasks)
            {
                w.Key(Key.FromString(task));
                w.Map(2);
                w.Text("function"u8);
                w.Bytes(System.Text.Encoding.ASCII.GetBytes(Function));
                w.Text("args"u8);
                w.Bytes("args"u8);
            }
            w.Text("dependencies"u8);
            w.Map(Dependencies.Length);
            foreach ((string task, string[] needs) in Dependencies)
            {
                w.Key(Key.FromString(task));
                w.Set(needs.Length);
                foreach (string need in needs)
                {
                    w.Key(Key.FromString(need));
                }
            }
        }
    }
}
