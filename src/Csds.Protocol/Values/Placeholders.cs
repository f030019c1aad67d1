using System.Buffers;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Finds and renumbers the placeholders <c>{"__Serialized__": k}</c> and <c>{"__Pickled__": k}</c>, which stand in a
/// message's msgpack frame for a value in frame k and the sub-frames behind it (rows W14, W15).
/// </summary>
internal static class Placeholders
{
    private const int LargestNumber = 9;

    // {"__Serialized__": 1} without the number.
    private static readonly byte[] serializedHead = [0x81, 0xae, .. "__Serialized__"u8];

    /// <summary>The token of a value that is all in frames: most of those that have any.</summary>
    internal static byte[] Serialized { get; } = [.. serializedHead, 1];

    /// <summary>
    /// Takes the value in <paramref name="token"/> out of a message, with the frames it refers to.
    /// </summary>
    internal static Opaque Extract(ReadOnlySpan<byte> token, FrameGroup source)
    {
        if (source.Count <= 1)
        {
            return new Opaque(token.ToArray());
        }
        if (token.StartsWith(serializedHead) && TryReadNumber(token[serializedHead.Length..], out int index))
        {
            return new Opaque(Serialized, Take(source, index));
        }
        var taken = new List<ReadOnlyMemory<byte>>();
        byte[] own = Renumber(token.ToArray(), k =>
        {
            int first = taken.Count + 1;
            taken.AddRange(Take(source, k));
            return first;
        });
        return new Opaque(own, [.. taken]);
    }

    /// <summary>Writes a carried value's token into a message where its frames begin at <paramref name="firstFrame"/>.</summary>
    internal static void Emit(ReadOnlyMemory<byte> token, int firstFrame, FrameBuffer target)
    {
        if (firstFrame == 1)
        {
            target.Write(token.Span); // The numbers are right as they are.
        }
        else if (token.Span.SequenceEqual(Serialized))
        {
            target.Write(serializedHead);
            MessagePackPrimitives.TryWrite(target.GetSpan(LargestNumber), firstFrame, out int size);
            target.Advance(size);
        }
        else
        {
            var reader = new MessagePackReader(token);
            var writer = new MessagePackWriter(target);
            Copy(ref reader, ref writer, k => k - 1 + firstFrame, 0);
            writer.Flush();
        }
    }

    private static ProtocolException TooDeep() => new($"a value is nested deeper than {TokenScan.MaxDepth} levels");

    private static byte[] Renumber(byte[] token, Func<int, int> map)
    {
        var buffer = new FrameBuffer();
        var reader = new MessagePackReader(token);
        var writer = new MessagePackWriter(buffer);
        Copy(ref reader, ref writer, map, 0);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> token, out int number) =>
        MessagePackPrimitives.TryRead(token, out number, out int size) == MessagePackPrimitives.DecodeResult.Success
        && size == token.Length;

    private static ReadOnlyMemory<byte>[] Take(FrameGroup source, int index)
    {
        if (index <= 0 || index >= source.Count)
        {
            throw new ProtocolException($"a placeholder refers to frame {index} of {source.Count}");
        }
        int subFrames = SubFrameCount(source[index]);
        if (subFrames >= source.Count - index)
        {
            throw new ProtocolException($"a header in frame {index} announces {subFrames} frames behind it");
        }
        return source.Keep(index..(index + 1 + subFrames));
    }

    /// <summary>Reads <c>num-sub-frames</c> from the sub-header that a placeholder points to.</summary>
    internal static int SubFrameCount(ReadOnlyMemory<byte> header)
    {
        var reader = new MessageReader(header);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.NextType != MessagePackType.String)
            {
                reader.Skip();
            }
            else if (reader.ReadUtf8().SequenceEqual("num-sub-frames"u8))
            {
                int count = reader.ReadInt32();
                return count >= 0 ? count : throw new ProtocolException("a header announces a negative number of frames");
            }
            reader.Skip();
        }
        return 0;
    }

    private static void Copy(ref MessagePackReader reader, ref MessagePackWriter writer, Func<int, int> map, int depth)
    {
        if (depth > TokenScan.MaxDepth)
        {
            throw TooDeep();
        }
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Array:
                int items = reader.ReadArrayHeader();
                writer.WriteArrayHeader(items);
                for (int i = 0; i < items; i++)
                {
                    Copy(ref reader, ref writer, map, depth + 1);
                }
                break;
            case MessagePackType.Map:
                CopyMap(ref reader, ref writer, map, depth);
                break;
            default:
                writer.WriteRaw(reader.ReadRaw(Contexts.Bounded));
                break;
        }
    }

    private static void CopyMap(ref MessagePackReader reader, ref MessagePackWriter writer, Func<int, int> map, int depth)
    {
        int entries = reader.ReadMapHeader();
        writer.WriteMapHeader(entries);
        for (int i = 0; i < entries; i++)
        {
            if (entries == 1 && reader.NextMessagePackType == MessagePackType.String)
            {
                ReadOnlySequence<byte> name = reader.ReadRaw(Contexts.Bounded);
                writer.WriteRaw(name);
                if (IsPlaceholder(name.FirstSpan) && reader.NextMessagePackType == MessagePackType.Integer)
                {
                    writer.Write(map(reader.ReadInt32()));
                    continue;
                }
            }
            else
            {
                Copy(ref reader, ref writer, map, depth + 1);
            }
            Copy(ref reader, ref writer, map, depth + 1);
        }
    }

    private static bool IsPlaceholder(ReadOnlySpan<byte> nameToken) =>
        // Both names are shorter than 32 bytes: the token is one header byte and the text.
        nameToken[1..].SequenceEqual("__Serialized__"u8) || nameToken[1..].SequenceEqual("__Pickled__"u8);
}
