using System.Text;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>How dumps write what JSON has no word for, as Dask's <c>recursive_to_dict</c> does.</summary>
internal static class DumpText
{
    /// <summary>A key as a value: tuples become lists, bytes their repr.</summary>
    internal static void Value(Key key, ref MessageWriter w)
    {
        var reader = new MessageReader(key.Token.ToArray());
        Value(ref reader, ref w);
    }

    /// <summary>A key as a map's key: what is a list by then becomes text.</summary>
    internal static void MapKey(Key key, ref MessageWriter w)
    {
        var reader = new MessageReader(key.Token.ToArray());
        if (reader.NextType != MessagePackType.Array)
        {
            Value(ref reader, ref w);
            return;
        }
        var text = new StringBuilder();
        List(ref reader, text);
        w.Text(text.ToString());
    }

    /// <summary>Tasks, workers or clients as Python shows them.</summary>
    internal static void Reprs<T>(T[] items, bool unsetIsNone, ref MessageWriter w)
        where T : Numbered
    {
        if (items.Length == 0 && unsetIsNone)
        {
            w.Nil();
            return;
        }
        w.List(items.Length);
        foreach (T item in items)
        {
            w.Text(item.ToString());
        }
    }

    /// <summary>A task, worker or client as Python shows it, or None.</summary>
    internal static void Repr(object? item, ref MessageWriter w) => w.Text(item?.ToString());

    /// <summary>A value that is carried, in plain words as far as there are any.</summary>
    internal static void Carried(Opaque? value, ref MessageWriter w)
    {
        if (value is null)
        {
            w.Nil();
            return;
        }
        var reader = new MessageReader(value);
        Value(ref reader, ref w);
    }

    /// <summary>Numbers by name.</summary>
    internal static void Numbers(IReadOnlyCollection<KeyValuePair<string, double>> numbers, ref MessageWriter w)
    {
        w.Map(numbers.Count);
        foreach ((string name, double number) in numbers)
        {
            w.Text(name);
            w.Float(number);
        }
    }

    /// <summary>Texts as a list.</summary>
    internal static void Texts(IReadOnlyCollection<string> texts, ref MessageWriter w)
    {
        w.List(texts.Count);
        foreach (string text in texts)
        {
            w.Text(text);
        }
    }

    private static void Value(ref MessageReader reader, ref MessageWriter w)
    {
        switch (reader.NextType)
        {
            case MessagePackType.Array:
                Items(ref reader, ref w);
                break;
            case MessagePackType.Map:
                Map(ref reader, ref w);
                break;
            case MessagePackType.Binary:
                w.Text(KeyText.Repr(reader.ReadToken()));
                break;
            default:
                w.Token(reader.ReadToken());
                break;
        }
    }

    private static void Items(ref MessageReader reader, ref MessageWriter w)
    {
        int items = reader.ReadArrayHeader();
        w.List(items);
        for (int i = 0; i < items; i++)
        {
            Value(ref reader, ref w);
        }
    }

    // A set is a map on the wire (row W16), and so is what lies in another frame (rows W14, W15).
    private static void Map(ref MessageReader reader, ref MessageWriter w)
    {
        int entries = reader.Peek().ReadMapHeader();
        if (entries == 2 && StartsWith(reader, "__Set__"u8))
        {
            int items = reader.ReadSequenceHeader();
            w.List(items);
            for (int i = 0; i < items; i++)
            {
                Value(ref reader, ref w);
            }
            return;
        }
        if (entries == 1 && (StartsWith(reader, "__Serialized__"u8) || StartsWith(reader, "__Pickled__"u8)))
        {
            reader.Skip();
            w.Text("<distributed.protocol.serialize.Serialized object>"u8);
            return;
        }
        reader.ReadMapHeader();
        w.Map(entries);
        for (int i = 0; i < entries; i++)
        {
            MapKey(reader.ReadKey(), ref w);
            Value(ref reader, ref w);
        }
    }

    private static bool StartsWith(MessageReader reader, ReadOnlySpan<byte> name)
    {
        reader.ReadMapHeader();
        return reader.NextType == MessagePackType.String && reader.ReadUtf8().SequenceEqual(name);
    }

    private static void List(ref MessageReader reader, StringBuilder text)
    {
        int items = reader.ReadArrayHeader();
        text.Append('[');
        for (int i = 0; i < items; i++)
        {
            text.Append(i > 0 ? ", " : "");
            if (reader.NextType == MessagePackType.Array)
            {
                List(ref reader, text);
            }
            else
            {
                text.Append(KeyText.Repr(reader.ReadToken()));
            }
        }
        text.Append(']');
    }
}
