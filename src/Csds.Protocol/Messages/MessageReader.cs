using System.Runtime.InteropServices;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Reads one message in place. Spans and memory that it hands out lie in the received frame and are valid until the
/// <see cref="FrameGroup"/> is disposed; an <see cref="Opaque"/> is a copy.
/// </summary>
/// <remarks>
/// Malformed input throws what <see cref="IsProtocolError"/> accepts. The library's own reader, made for input in pieces,
/// costs several times as much (ADR 0015).
/// </remarks>
public ref struct MessageReader
{
    private static readonly FrameGroup noFrames = new();

    private readonly FrameGroup frames;
    private readonly ReadOnlyMemory<byte> memory;
    private readonly ReadOnlySpan<byte> bytes;
    private int at;

    /// <summary>Starts at the beginning of a message's msgpack frame.</summary>
    public MessageReader(FrameGroup frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        if (frames.Count == 0)
        {
            throw new ProtocolException("a message has no frames");
        }
        this.frames = frames;
        memory = frames[0];
        bytes = memory.Span;
    }

    /// <summary>Starts at the beginning of a value that refers to no frames.</summary>
    public MessageReader(ReadOnlyMemory<byte> token)
    {
        frames = noFrames;
        memory = token;
        bytes = token.Span;
    }

    /// <summary>Starts at the beginning of a value that was carried along.</summary>
    public MessageReader(Opaque value) : this(new FrameGroup([value.Token, .. value.Frames]))
    {
    }

    /// <summary>Whether <paramref name="error"/> means that the sender's bytes were wrong, not that we are.</summary>
    public static bool IsProtocolError(Exception error) =>
        error is ProtocolException or MessagePackSerializationException or EndOfStreamException or OverflowException
            or System.Text.DecoderFallbackException;

    /// <summary>What kind of value comes next.</summary>
    public readonly MessagePackType NextType => at < bytes.Length
        ? MessagePackCode.ToMessagePackType(bytes[at])
        : throw TokenScan.CutOff();

    /// <summary>True when the msgpack frame is used up.</summary>
    public readonly bool End => at == bytes.Length;

    /// <summary>A reader at the same place that leaves this one where it is.</summary>
    public readonly MessageReader Peek() => this;

    /// <summary>Reads the number of entries of a map; keys and values follow alternately.</summary>
    public int ReadMapHeader()
    {
        if (at < bytes.Length && bytes[at] is var code and >= MessagePackCode.MinFixMap and <= MessagePackCode.MaxFixMap)
        {
            at++;
            return Count(code & 0xfu, 2);
        }
        Expect(MessagePackPrimitives.TryReadMapHeader(bytes[at..], out uint entries, out int size), size, "a map");
        return Count(entries, 2);
    }

    /// <summary>Reads the number of items of an array.</summary>
    public int ReadArrayHeader()
    {
        Expect(MessagePackPrimitives.TryReadArrayHeader(bytes[at..], out uint items, out int size), size, "a list");
        return Count(items, 1);
    }

    /// <summary>
    /// Reads the number of items of a list, tuple or set: sets are <c>{"__Set__": true, "as-list": [...]}</c> (row W16).
    /// </summary>
    public int ReadSequenceHeader()
    {
        if (NextType != MessagePackType.Map)
        {
            return ReadArrayHeader();
        }
        int entries = ReadMapHeader();
        if (entries != 2 || !ReadUtf8().SequenceEqual("__Set__"u8))
        {
            throw new ProtocolException("a map stands where a list or a set was expected");
        }
        Skip();
        if (!ReadUtf8().SequenceEqual("as-list"u8))
        {
            throw new ProtocolException("a set has no list");
        }
        return ReadArrayHeader();
    }

    /// <summary>Consumes a nil if it is next.</summary>
    public bool TryReadNil()
    {
        if (NextType != MessagePackType.Nil)
        {
            return false;
        }
        at++;
        return true;
    }

    /// <summary>Reads a str, or bytes, as UTF-8.</summary>
    public ReadOnlySpan<byte> ReadUtf8()
    {
        // Almost every text is the name of a field.
        int place = at;
        if ((uint)place < (uint)bytes.Length && bytes[place++] - MessagePackCode.MinFixStr is var shortLength and >= 0 and < 32
            && shortLength <= bytes.Length - place)
        {
            at = place + shortLength;
            return bytes.Slice(place, shortLength);
        }
        return ReadLongUtf8();
    }

    private ReadOnlySpan<byte> ReadLongUtf8()
    {
        (int start, int length) = NextType == MessagePackType.Binary ? TakeBytes() : TakeText();
        return bytes.Slice(start, length);
    }

    /// <summary>Reads a str, or bytes, as text.</summary>
    public string ReadString() => Tokens.Utf8.GetString(ReadUtf8());

    /// <summary>Reads a str or nil.</summary>
    public string? ReadStringOrNull() => TryReadNil() ? null : ReadString();

    /// <summary>Reads an int; a float, which Python's arithmetic makes of ints now and then, is truncated.</summary>
    public long ReadInt64() =>
        NextType == MessagePackType.Float ? checked((long)ReadFloat()) : ReadInteger();

    /// <summary>Reads an int that fits 32 bits.</summary>
    public int ReadInt32() => checked((int)ReadInt64());

    /// <summary>Reads a float or an int.</summary>
    public double ReadDouble() => NextType switch
    {
        MessagePackType.Integer => ReadInteger(),
        MessagePackType.Float => ReadFloat(),
        var other => throw new ProtocolException($"{other} stands where a number was expected"),
    };

    /// <summary>Reads a bool; None counts as false and a number by its truth, as in Python.</summary>
    public bool ReadBoolean()
    {
        switch (NextType)
        {
            case MessagePackType.Nil:
                at++;
                return false;
            case MessagePackType.Integer:
                return ReadInteger() != 0;
            default:
                Expect(MessagePackPrimitives.TryRead(bytes[at..], out bool value, out int size), size, "a bool");
                return value;
        }
    }

    /// <summary>Reads a bytes value.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        (int start, int length) = NextType == MessagePackType.String ? TakeText() : TakeBytes();
        return memory.Slice(start, length);
    }

    /// <summary>
    /// Reads any value as its token, for instance a key. It may be passed on to others: Python can decode its texts and its
    /// depth.
    /// </summary>
    public ReadOnlySpan<byte> ReadToken()
    {
        int start = at;
        at += TokenScan.LengthForPython(bytes[start..]);
        return bytes[start..at];
    }

    /// <summary>Reads any value as its token, unchecked: for what is only read here.</summary>
    public ReadOnlyMemory<byte> ReadTokenMemory()
    {
        int start = at;
        Skip();
        return memory[start..at];
    }

    /// <summary>Reads a key, copied.</summary>
    /// <exception cref="ProtocolException">The value is nothing that Dask allows as a key.</exception>
    public Key ReadKey() => new(ReadKeyToken().ToArray());

    /// <summary>Reads a key as its token.</summary>
    /// <exception cref="ProtocolException">The value is nothing that Dask allows as a key.</exception>
    public ReadOnlySpan<byte> ReadKeyToken()
    {
        ReadOnlySpan<byte> token = ReadToken();
        if (MessagePackCode.ToMessagePackType(token[0]) != MessagePackType.String)
        {
            KeyReader.Check(token);
        }
        return token;
    }

    /// <summary>Reads any value with the frames that it refers to, copied.</summary>
    public Opaque ReadOpaque() => Placeholders.Extract(ReadToken(), frames);

    /// <summary>
    /// The rest of a message with all of its frames, not looked at. The token is not copied: it is valid until the
    /// <see cref="FrameGroup"/> is disposed.
    /// </summary>
    public readonly Opaque Rest() => new(memory[at..], frames.Keep(1..frames.Count));

    /// <summary>
    /// Gives the memory of all that has been read back to the system, as far as the message is a large one. Nobody may look at it any
    /// more, by whatever reader.
    /// </summary>
    public readonly void GiveUpRead()
    {
        if (MemoryMarshal.TryGetMemoryManager<byte, NativeFrame>(memory, out NativeFrame? frame, out int start, out _))
        {
            frame.GiveBack(start + at);
        }
    }

    /// <summary>Passes over any value.</summary>
    public void Skip() => at += TokenScan.Length(bytes[at..]);

    private long ReadInteger()
    {
        // The primitive for signed numbers refuses all that are written as 64 bits without a sign.
        if (at < bytes.Length && bytes[at] == MessagePackCode.UInt64)
        {
            Expect(MessagePackPrimitives.TryRead(bytes[at..], out ulong unsigned, out int width), width, "an int");
            return checked((long)unsigned);
        }
        Expect(MessagePackPrimitives.TryRead(bytes[at..], out long value, out int size), size, "an int");
        return value;
    }

    private double ReadFloat()
    {
        Expect(MessagePackPrimitives.TryRead(bytes[at..], out double value, out int size), size, "a float");
        return value;
    }

    private (int Start, int Length) TakeText()
    {
        Expect(MessagePackPrimitives.TryReadStringHeader(bytes[at..], out uint length, out int size), size, "text");
        return Take(length);
    }

    private (int Start, int Length) TakeBytes()
    {
        Expect(MessagePackPrimitives.TryReadBinHeader(bytes[at..], out uint length, out int size), size, "bytes");
        return Take(length);
    }

    private (int Start, int Length) Take(uint length)
    {
        int start = at;
        at = length <= (uint)(bytes.Length - start) ? start + (int)length : throw TokenScan.CutOff();
        return (start, (int)length);
    }

    // Each item has a byte at least: a longer list is a lie, and a reader's memory must not follow it.
    private readonly int Count(uint count, int bytesEach) =>
        count <= (uint)(bytes.Length - at) / bytesEach ? (int)count : throw TokenScan.CutOff();

    private void Expect(MessagePackPrimitives.DecodeResult result, int size, string expected)
    {
        if (result != MessagePackPrimitives.DecodeResult.Success)
        {
            throw result == MessagePackPrimitives.DecodeResult.TokenMismatch
                ? new ProtocolException($"{NextType} stands where {expected} was expected")
                : TokenScan.CutOff();
        }
        at += size;
    }
}
