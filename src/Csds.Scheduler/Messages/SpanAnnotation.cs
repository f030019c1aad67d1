using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>The annotation <c>span</c>: names and ids, of the outermost span first.</summary>
internal sealed record SpanAnnotation(IReadOnlyList<string> Name, IReadOnlyList<string> Ids)
{
    private static ReadOnlySpan<byte> Entry => "span"u8;

    /// <summary>The annotation among others; null if there is none that makes sense.</summary>
    internal static SpanAnnotation? Find(Opaque? annotations)
    {
        if (annotations is null)
        {
            return null;
        }
        var reader = new MessageReader(annotations);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            if (IsEntry(ref reader))
            {
                return reader.NextType == MessagePackType.Map ? Read(ref reader) : null;
            }
            reader.Skip();
        }
        return null;
    }

    /// <summary>Annotations with this one in the place of the former, or without any for <paramref name="span"/> null.</summary>
    internal static Opaque? Replace(Opaque? annotations, SpanAnnotation? span)
    {
        Opaque others = annotations ?? new Opaque(new byte[] { 0x80 });
        int count = CountOthers(others) + (span is null ? 0 : 1);
        if (count == 0)
        {
            return null;
        }
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(count);
        int firstFrame = w.Carry(others);
        var reader = new MessageReader(others);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            ReadOnlySpan<byte> name = reader.Peek().ReadToken();
            if (IsEntry(ref reader))
            {
                reader.Skip();
                continue;
            }
            w.Token(name);
            w.Token(reader.ReadTokenMemory(), firstFrame);
        }
        span?.Write(ref w);
        w.End();
        return batch.ToOpaque();
    }

    private static int CountOthers(Opaque annotations)
    {
        int count = 0;
        var reader = new MessageReader(annotations);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            count += IsEntry(ref reader) ? 0 : 1;
            reader.Skip();
        }
        return count;
    }

    private static bool IsEntry(ref MessageReader reader) => reader.ReadUtf8().SequenceEqual(Entry);

    private static SpanAnnotation? Read(ref MessageReader reader)
    {
        string[] name = [], ids = [];
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            switch (reader.ReadString())
            {
                case "name": name = ReadTexts(ref reader); break;
                case "ids": ids = ReadTexts(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        return name.Length > 0 && name.Length == ids.Length ? new SpanAnnotation(name, ids) : null;
    }

    private static string[] ReadTexts(ref MessageReader reader)
    {
        string[] texts = new string[reader.ReadSequenceHeader()];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = reader.ReadString();
        }
        return texts;
    }

    private void Write(ref MessageWriter w)
    {
        w.Text(Entry);
        w.Map(2);
        WriteTexts(ref w, "name"u8, Name);
        WriteTexts(ref w, "ids"u8, Ids);
    }

    private static void WriteTexts(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        w.Text(name);
        w.List(texts.Count);
        foreach (string text in texts)
        {
            w.Text(text);
        }
    }
}
