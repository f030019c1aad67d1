using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;
using Xunit;

namespace Csds.Server.Tests.Python;

/// <summary>The helper's answers, put together and doubted: user code runs in the process that sends them.</summary>
public sealed class GraphExpansionTests
{
    private readonly GraphExpansion expansion = new();

    [Fact]
    public void Tasks_with_frames_of_their_own_and_shared_ones()
    {
        Structure(2);
        Assert.False(expansion.Take(Answer("shared-frames", [], [1, 1, 1])));
        // Task 0 has a pickle of 2 bytes and nothing else, task 1 one of 3 bytes, the shared frame and 2 bytes.
        byte[] extra = Numbers(1, 2, 1u << 31, 2);
        Assert.False(RunSpecs("pickle", 0, 2, Numbers(2, 3), [10, 11, 20, 21, 22, 30, 31], extra));
        Assert.True(expansion.Take(Answer("expanded", [])));
        RunSpec[] specs = expansion.Result().RunSpecs;
        Assert.Equal([10, 11], PickleIn(specs[0].Pickled));
        Opaque value = specs[1].Fields!;
        Assert.Equal(3, value.Frames.Length);
        Assert.Equal([20, 21, 22], PickleIn(value.Frames[0]));
        Assert.Equal([1, 1, 1], value.Frames[1].ToArray());
        Assert.Equal([30, 31], value.Frames[2].ToArray());
        var header = new MessageReader(value.Frames[0]);
        header.ReadMapHeader();
        header.Skip();
        header.Skip();
        Assert.Equal("compression", header.ReadString());
        Assert.Equal(2, header.ReadArrayHeader());
        Assert.True(header.TryReadNil() && header.TryReadNil());
        Assert.Equal("num-sub-frames", header.ReadString());
        Assert.Equal(2, header.ReadInt32());
        Assert.True(header.End);
    }

    [Fact]
    public void Fields_are_kept_with_their_frames()
    {
        Structure(2);
        RunSpecs("fields", 0, 1, Numbers(1), [0x80], []);
        RunSpecs("fields", 1, 1, Numbers(1), [0x80, 5, 6], Numbers(0, 2, 1, 1));
        Assert.True(expansion.Take(Answer("expanded", [])));
        RunSpec[] specs = expansion.Result().RunSpecs;
        Assert.Empty(specs[0].Fields!.Frames);
        Assert.Equal([[5], [6]], specs[1].Fields!.Frames.Select(f => f.ToArray()));
    }

    [Fact]
    public void The_end_comes_after_all_tasks()
    {
        Structure(2);
        RunSpecs("fields", 0, 1, Numbers(1), [0x80], []);
        Assert.Throws<ProtocolException>(() => expansion.Take(Answer("expanded", [])));
    }

    [Fact]
    public void The_end_comes_after_the_structure() =>
        Assert.Throws<ProtocolException>(() => expansion.Take(Answer("expanded", [])));

    [Fact]
    public void Unknown_answers_are_refused() =>
        Assert.Throws<ProtocolException>(() => expansion.Take(Answer("surprise", [])));

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    public void Tasks_in_the_wrong_place_are_refused(int start, int count)
    {
        Structure(2);
        Assert.Throws<ProtocolException>(() => RunSpecs("fields", start, count, Numbers(1), [0x80], []));
    }

    [Fact]
    public void Sizes_beyond_the_chunk_are_refused()
    {
        Structure(1);
        Assert.Throws<ProtocolException>(() => RunSpecs("pickle", 0, 1, Numbers(100), [1, 2, 3], []));
        Assert.Throws<ProtocolException>(() => RunSpecs("pickle", 0, 1, Numbers(uint.MaxValue), [1, 2, 3], []));
        Assert.Throws<ProtocolException>(() => RunSpecs("pickle", 0, 1, Numbers(1), [1, 2, 3], []));
    }

    [Theory]
    [InlineData(new uint[] { 0 })]
    [InlineData(new uint[] { 0, 9 })]
    [InlineData(new uint[] { 0, 1, 100 })]
    [InlineData(new uint[] { 0, 1, (1u << 31) + 3 })]
    [InlineData(new uint[] { 5, 0 })]
    public void Further_frames_that_do_not_exist_are_refused(uint[] extra)
    {
        Structure(1);
        Assert.Throws<ProtocolException>(() => RunSpecs("pickle", 0, 1, Numbers(1), [1], Numbers(extra)));
    }

    [Theory]
    [InlineData("dependencies", new uint[] { 7 })]
    [InlineData("dependencies", new uint[] { 0, 0 })]
    [InlineData("dependency_counts", new uint[] { 1 })]
    [InlineData("dependency_counts", new uint[] { 2, uint.MaxValue })]
    [InlineData("wanted", new uint[] { 3 })]
    [InlineData("flags", new uint[] { 0 })]
    public void Broken_columns_are_refused(string column, uint[] content)
    {
        Dictionary<string, byte[]> columns = Columns(2);
        columns[column] = Numbers(content);
        Assert.Throws<ProtocolException>(() => Structure(2, columns));
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("external")]
    [InlineData("flags")]
    public void Missing_columns_are_refused(string column)
    {
        Dictionary<string, byte[]> columns = Columns(2);
        columns.Remove(column);
        Assert.Throws<ProtocolException>(() => Structure(2, columns));
    }

    [Fact]
    public void Annotations_are_shared_between_tasks()
    {
        Dictionary<string, byte[]> columns = Columns(2);
        columns["annotation_index"] = Numbers(1, 1);
        columns["annotation_sets"] = Pack((ref MessagePackWriter w) =>
        {
            w.WriteArrayHeader(1);
            w.WriteMapHeader(5);
            w.Write("frames");
            w.WriteArrayHeader(2);
            w.Write((ReadOnlySpan<byte>)[0x80]);
            w.Write((ReadOnlySpan<byte>)[1, 2]);
            w.Write("workers");
            w.WriteArrayHeader(2);
            w.Write("alice");
            w.Write(3);
            w.Write("resources");
            w.WriteMapHeader(1);
            w.Write("GPU");
            w.Write(2);
            w.Write("priority");
            w.Write(2.5);
            w.Write("retries");
            w.Write(4);
        });
        Structure(2, columns);
        RunSpecs("fields", 0, 2, Numbers(1, 1), [0x80, 0x80], []);
        expansion.Take(Answer("expanded", []));
        GraphMaterialized graph = expansion.Result();
        TaskAnnotations annotations = graph.AnnotationsOf(0)!;
        Assert.Same(annotations, graph.AnnotationsOf(1));
        Assert.Equal(["alice", "3"], annotations.Workers!.Select(w => w.ToString()));
        Assert.Equal(new KeyValuePair<string, double>("GPU", 2), Assert.Single(annotations.Resources!.Amounts));
        Assert.Equal(2.5, annotations.Priority);
        Assert.Equal(4, annotations.Retries);
        Assert.False(annotations.AllowOtherWorkers);
        Assert.Equal([1, 2], Assert.Single(annotations.Value.Frames).ToArray());
    }

    [Fact]
    public void An_annotation_number_beyond_the_sets_is_refused()
    {
        Dictionary<string, byte[]> columns = Columns(2);
        columns["annotation_index"] = Numbers(0, 1);
        columns["annotation_sets"] = [0x90];
        Assert.Throws<ProtocolException>(() => Structure(2, columns));
    }

    [Fact]
    public void A_failure_without_an_exception_becomes_a_RuntimeError()
    {
        Assert.True(expansion.Take(Answer("failed", [("text", "no distributed")])));
        Failure failure = Assert.Throws<GraphExpansionException>(expansion.Result).Failure;
        Assert.Equal("RuntimeError('no distributed')", failure.ExceptionText);
        Assert.NotNull(failure.Exception);
    }

    private void Structure(int tasks, Dictionary<string, byte[]>? columns = null)
    {
        columns ??= Columns(tasks);
        byte[] header = Pack((ref MessagePackWriter w) =>
        {
            w.WriteMapHeader(4);
            w.Write("op");
            w.Write("structure");
            w.Write("id");
            w.Write(1);
            w.Write("n");
            w.Write(tasks);
            w.Write("columns");
            w.WriteMapHeader(columns.Count);
            int number = 0;
            foreach (string name in columns.Keys)
            {
                w.Write(name);
                w.Write(++number);
            }
        });
        ReadOnlyMemory<byte>[] frames = [header, .. columns.Values.Select(c => new ReadOnlyMemory<byte>(c))];
        Assert.False(expansion.Take(new HelperAnswer(new FrameGroup(frames))));
    }

    private bool RunSpecs(string form, int start, int count, byte[] sizes, byte[] data, byte[] extra)
    {
        (string, object)[] fields = [("form", form), ("start", start), ("count", count)];
        return expansion.Take(extra.Length == 0
            ? Answer("run-specs", fields, sizes, data)
            : Answer("run-specs", fields, sizes, data, extra));
    }

    // Tasks a, b, ... where each but the first depends on the one before.
    private static Dictionary<string, byte[]> Columns(int tasks) => new()
    {
        ["keys"] = Pack((ref MessagePackWriter w) =>
        {
            w.WriteArrayHeader(tasks);
            for (int i = 0; i < tasks; i++)
            {
                w.Write(((char)('a' + i)).ToString());
            }
        }),
        ["dependency_counts"] = Numbers([.. Enumerable.Range(0, tasks).Select(i => i == 0 ? 0u : 1u)]),
        ["dependencies"] = Numbers([.. Enumerable.Range(0, tasks - 1).Select(i => (uint)i)]),
        ["wanted"] = Numbers((uint)tasks - 1),
        ["external"] = [0x90],
        ["flags"] = new byte[tasks],
    };

    private static HelperAnswer Answer(string op, (string Name, object Value)[] fields, params byte[][] frames)
    {
        byte[] header = Pack((ref MessagePackWriter w) =>
        {
            w.WriteMapHeader(fields.Length + 2);
            w.Write("op");
            w.Write(op);
            w.Write("id");
            w.Write(1);
            foreach ((string name, object value) in fields)
            {
                w.Write(name);
                if (value is int number)
                {
                    w.Write(number);
                }
                else
                {
                    w.Write((string)value);
                }
            }
        });
        return new HelperAnswer(new FrameGroup([header, .. frames.Select(f => new ReadOnlyMemory<byte>(f))]));
    }

    private static byte[] PickleIn(ReadOnlyMemory<byte> header)
    {
        var reader = new MessageReader(header);
        Assert.Equal(3, reader.ReadMapHeader());
        Assert.Equal("pickled-obj", reader.ReadString());
        return reader.ReadBytes().ToArray();
    }

    private static byte[] Numbers(params uint[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes)];

    private delegate void Write(ref MessagePackWriter writer);

    private static byte[] Pack(Write write)
    {
        var buffer = new FrameBuffer();
        var writer = new MessagePackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
