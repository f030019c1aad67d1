using System.Globalization;
using Csds.Protocol;

namespace Csds.ZeroClient;

/// <summary>
/// Graphs too large to be recorded, as 2022's clients send them: one materialised layer. What is pickled has the size
/// that a small function has there, and is none.
/// </summary>
internal static class GeneratedGraph
{
    private const int FunctionBytes = 476;

    /// <summary>A graph by its name: <c>map-1000000</c>, <c>merge-1000000</c> or <c>chain-1000</c>.</summary>
    /// <exception cref="FormatException">There is no such graph.</exception>
    public static RecordedGraph Build(string name)
    {
        string[] parts = name.Split('-');
        int count = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        Key[] keys = [.. Enumerable.Range(0, count).Select(i => Key.FromString($"task-{i:x8}-7af5-4582-9d70-66a4ab58e1f9"))];
        Key[] end = [Key.FromString("sum-1c41c8b8-6cbb-4ef9-b07d-5a6a2f6d7f0e")];
        return parts[0] switch
        {
            "map" => Write(keys, static (_, _) => [], keys),
            "chain" => Write(keys, static (all, i) => i == 0 ? [] : all.AsSpan(i - 1, 1), keys.AsSpan(count - 1)),
            "merge" => Write([.. keys, .. end], static (all, i) => i < all.Length - 1 ? [] : all.AsSpan(0, i), end),
            _ => throw new FormatException($"'{name}' is no graph that can be generated"),
        };
    }

    private delegate ReadOnlySpan<Key> Dependencies(Key[] keys, int index);

    private static RecordedGraph Write(Key[] keys, Dependencies dependencies, ReadOnlySpan<Key> wanted)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Add();
        w.Map(7);
        w.Field("op"u8, "update-graph-hlg"u8);
        w.Text("hlg"u8);
        w.Map(1);
        w.Text("layers"u8);
        w.List(1);
        WriteLayer(ref w, keys, dependencies);
        w.Text("keys"u8);
        WriteKeys(ref w, wanted);
        w.FieldToken("priority"u8, Tokens.Nil);
        w.FieldToken("submitting_task"u8, Tokens.Nil);
        w.Field("fifo_timeout"u8, "60s"u8);
        w.FieldToken("actors"u8, Tokens.Nil);
        w.End();
        var wire = new FrameBuffer();
        FrameWriter.Write(wire, batch.Seal(), batch.Frames);
        return new RecordedGraph(wire.WrittenSpan.ToArray(), [.. wanted]);
    }

    private static void WriteLayer(ref MessageWriter w, Key[] keys, Dependencies dependencies)
    {
        byte[] function = new byte[FunctionBytes];
        w.Map(4);
        w.Field("__module__"u8, "dask.highlevelgraph"u8);
        w.Field("__name__"u8, "MaterializedLayer"u8);
        w.Text("state"u8);
        w.Map(2);
        w.Text("dsk"u8);
        w.Map(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            w.Key(keys[i]);
            w.Map(2);
            w.Text("function"u8);
            w.Bytes(function);
            w.Text("args"u8);
            w.Bytes(new byte[16]);
        }
        w.Text("dependencies"u8);
        w.Map(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            w.Key(keys[i]);
            w.Map(2);
            w.Field("__Set__"u8, true);
            w.Text("as-list"u8);
            WriteKeys(ref w, dependencies(keys, i));
        }
        w.Text("annotations"u8);
        w.Map(0);
    }

    private static void WriteKeys(ref MessageWriter w, ReadOnlySpan<Key> keys)
    {
        w.List(keys.Length);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
    }
}
