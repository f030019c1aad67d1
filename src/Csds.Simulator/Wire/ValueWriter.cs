using Csds.Protocol;

namespace Csds.Simulator.Wire;

/// <summary>Encodes values as a Python peer does.</summary>
internal static class ValueWriter
{
    internal static void Write(ref MessageWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.Nil(); break;
            case bool flag: writer.Bool(flag); break;
            case int number: writer.Int(number); break;
            case long number: writer.Int(number); break;
            case double number: writer.Float(number); break;
            case string text: writer.Text(text); break;
            case byte[] bytes: writer.Bytes(bytes); break;
            case Key key: writer.Key(key); break;
            case Opaque opaque: writer.Value(opaque); break;
            case PythonDict dict: WriteDict(ref writer, dict); break;
            case PythonSet set:
                writer.Set(set.Count);
                WriteItems(ref writer, set);
                break;
            case IReadOnlyCollection<object?> items:
                writer.List(items.Count);
                WriteItems(ref writer, items);
                break;
            default: throw new ArgumentException($"{value.GetType()} has no encoding");
        }
    }

    internal static void WriteDict(ref MessageWriter writer, IReadOnlyList<KeyValuePair<object?, object?>> dict)
    {
        writer.Map(dict.Count);
        foreach ((object? key, object? value) in dict)
        {
            Write(ref writer, key);
            Write(ref writer, value);
        }
    }

    private static void WriteItems(ref MessageWriter writer, IEnumerable<object?> items)
    {
        foreach (object? item in items)
        {
            Write(ref writer, item);
        }
    }
}
