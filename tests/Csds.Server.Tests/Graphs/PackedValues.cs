using Csds.Protocol;

namespace Csds.Server.Tests.Graphs;

/// <summary>Writes messages as Dask's clients do, of plain values.</summary>
internal static class PackedValues
{
    /// <summary>What <c>to_serialize</c> makes of a value whose pickle is one byte.</summary>
    internal static Opaque Serialized(byte pickle) => Pickled.Serialized(new[] { pickle });

    /// <summary>A message of a value.</summary>
    internal static Opaque Message(object? value)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        Write(ref w, value);
        w.End();
        return batch.ToOpaque();
    }

    private static void Write(ref MessageWriter w, object? value)
    {
        switch (value)
        {
            case null: w.Nil(); break;
            case bool flag: w.Bool(flag); break;
            case int number: w.Int(number); break;
            case double number: w.Float(number); break;
            case string text: w.Text(text); break;
            case byte[] bytes: w.Bytes(bytes); break;
            case Opaque opaque: w.Value(opaque); break;
            case HashSet<object> set:
                w.Set(set.Count);
                WriteAll(ref w, set);
                break;
            case object?[] list:
                w.List(list.Length);
                WriteAll(ref w, list);
                break;
            case Dictionary<object, object?> map:
                w.Map(map.Count);
                foreach ((object key, object? item) in map)
                {
                    Write(ref w, key);
                    Write(ref w, item);
                }
                break;
            default: throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static void WriteAll(ref MessageWriter w, IEnumerable<object?> items)
    {
        foreach (object? item in items)
        {
            Write(ref w, item);
        }
    }
}
