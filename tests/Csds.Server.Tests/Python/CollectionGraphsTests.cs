using System.Buffers;
using Csds.Protocol;
using Csds.Scheduler;
using Xunit;

namespace Csds.Server.Tests.Python;

/// <summary>
/// Graphs of arrays and dataframes that a real client of 2022 packs, read without Python and by the helper, which calls Dask's own
/// functions: both have to be the same, down to what a worker decodes.
/// </summary>
public sealed class CollectionGraphsTests
{
    // Layers that are left to Python, or what is in them. "As it is" is a graph that is not optimized.
    private static readonly string[] leftToPython =
    [
        "overlap as it is", "broadcast_merge", "broadcast_merge as it is", "column_with_the_name_of_a_task",
        "column_with_the_name_of_a_task as it is",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Graphs_of_collections_are_the_same_with_and_without_Python()
    {
        using var log = new CollectedLog();
        await using HelperPool pool = await HelperPool.StartAsync(null, log, Cancel);
        Dialect dialect = new Dialect((await pool.ConfigureAsync()).Distributed);
        Assert.SkipUnless(dialect.PackedGraphs, "graphs are not packed in this release");
        Assert.SkipUnless(await PythonScript.CanImportAsync("numpy, pandas", Cancel), "there are no arrays and dataframes");
        var withPython = new GraphExpander(dialect, pool.ExpandAsync);
        var withoutPython = new GraphExpander(dialect, (_, _) => throw new InvalidOperationException("a graph needs Python"));
        var differences = new ArrayBufferWriter<byte>();
        int tasks = 0;
        foreach ((string name, Opaque message) in await RecordAsync())
        {
            GraphMessage read = withPython.Read(message, "client");
            Assert.Equal((name, leftToPython.Contains(name)), (name, read.Graph is null));
            if (read.Graph is null)
            {
                continue;
            }
            GraphMaterialized native = await withoutPython.ExpandAsync(message, read, Cancel);
            GraphMaterialized helped = await withPython.ExpandAsync(message, new GraphMessage(read.Update, null), Cancel);
            Assert.Equal(Shape(helped, name), Shape(native, name));
            Compare(name, native, helped, differences);
            tasks += native.Count;
        }
        Assert.True(tasks > 3000, $"only {tasks} tasks were compared");
        Assert.Equal("", await PythonScript.RunAsync("compare_graphs.py", differences.WrittenMemory, Cancel));
    }

    // Everything but what is run, a line for each key.
    private static IEnumerable<string> Shape(GraphMaterialized graph, string name)
    {
        var wanted = graph.Requested.Select(graph.KeyOf).ToHashSet();
        return Enumerable.Range(0, graph.Count).Select(i =>
        {
            IEnumerable<string> needs = graph.DependenciesOf(i).ToArray().Select(d => graph.KeyOf(d).ToString()).Order(StringComparer.Ordinal);
            TaskAnnotations? a = graph.AnnotationsOf(i);
            return $"{name}: {graph.KeyOf(i)} {graph.Order[i]} {wanted.Contains(graph.KeyOf(i))} [{string.Join(' ', needs)}]"
                + $" {a?.Priority} {a?.Retries} {a?.AllowOtherWorkers} {string.Join(' ', a?.Workers ?? [])} {a?.Resources?.Amounts.Count}";
        }).Order(StringComparer.Ordinal);
    }

    private static void Compare(string name, GraphMaterialized left, GraphMaterialized right, IBufferWriter<byte> target)
    {
        Dictionary<Key, int> numbers = Enumerable.Range(0, right.Count).ToDictionary(right.KeyOf);
        for (int i = 0; i < left.Count; i++)
        {
            int other = numbers[left.KeyOf(i)];
            var batch = new MessageBatch();
            MessageWriter w = batch.Single();
            w.Map(5);
            w.Field("graph"u8, name);
            w.FieldToken("key"u8, left.KeyOf(i).Token);
            w.Text("left"u8);
            SplitFields.WriteTask(ref w, left.RunSpecs[i]);
            w.Text("right"u8);
            SplitFields.WriteTask(ref w, right.RunSpecs[other]);
            w.Text("annotations"u8);
            w.List(2);
            w.Value(left.AnnotationsOf(i)?.Value);
            w.Value(right.AnnotationsOf(other)?.Value);
            w.End();
            FrameWriter.Write(target, batch.Seal(), batch.Frames);
        }
    }

    // Messages with their names.
    private static async Task<List<(string Name, Opaque Message)>> RecordAsync()
    {
        var bytes = new ReadOnlySequence<byte>(await PythonScript.RunBytesAsync("make_collections.py", default, Cancel));
        var reader = new FrameReader();
        var recorded = new List<(string, Opaque)>();
        while (reader.TryRead(ref bytes, out FrameGroup? name))
        {
            Assert.True(reader.TryRead(ref bytes, out FrameGroup? message));
            recorded.Add((new MessageReader(name).ReadString(), new MessageReader(message).ReadOpaque()));
            name.Dispose();
            message.Dispose();
        }
        return recorded;
    }
}
