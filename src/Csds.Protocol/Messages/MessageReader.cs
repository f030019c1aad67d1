using System.Buffers;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Reads one message in place. Spans and memory that it hands out lie in the received frame and are valid until the
/// <see cref="FrameGroup"/> is disposed; an <see cref="Opaque"/> is a copy.
/// </summary>
/// <remarks>
/// Malformed input throws <see cref="ProtocolException"/>, <see cref="MessagePackSerializationException"/> or
/// <see cref="EndOfStreamException"/>: see <see cref="IsProtocolError"/>.
/// </remarks>
public ref struct MessageReader
{
    private static readonly FrameGroup noFrames = new();

    private readonly FrameGroup frames;
    private readonly ReadOnlyMemory<byte> memory;
    private MessagePackReader reader;

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
        reader = new MessagePackReader(memory);
    }

    /// <summary>Starts at the beginning of a value that refers to no frames.</summary>
    public MessageReader(ReadOnlyMemory<byte> token)
    {
        frames = noFrames;
        memory = token;
        reader = new MessagePackReader(memory);
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
    public readonly MessagePackType NextType => reader.NextMessagePackType;

    /// <summary>True when the msgpack frame is used up.</summary>
    public readonly bool End => reader.End;

    /// <summary>A reader at the same place that leaves this one where it is.</summary>
    public readonly MessageReader Peek() => this;

    /// <summary>Reads the number of entries of a map; keys and values follow alternately.</summary>
    public int ReadMapHeader() => reader.ReadMapHeader();

    /// <summary>Reads the number of items of an array.</summary>
    public int ReadArrayHeader() => reader.ReadArrayHeader();

    /// <summary>
    /// Reads the number of items of a list, tuple or set: sets are <c>{"__Set__": true, "as-list": [...]}</c> (row W16).
    /// </summary>
    public int ReadSequenceHeader()
    {
        if (reader.NextMessagePackType != MessagePackType.Map)
        {
            return reader.ReadArrayHeader();
        }
        int entries = reader.ReadMapHeader();
        if (entries != 2 || !ReadUtf8().SequenceEqual("__Set__"u8))
        {
            throw new ProtocolException("a map stands where a list or a set was expected");
        }
        Skip();
        if (!ReadUtf8().SequenceEqual("as-list"u8))
        {
            throw new ProtocolException("a set has no list");
        }
        return reader.ReadArrayHeader();
    }

    /// <summary>Consumes a nil if it is next.</summary>
    public bool TryReadNil() => reader.TryReadNil();

    /// <summary>Reads a str, or bytes, as UTF-8.</summary>
    public ReadOnlySpan<byte> ReadUtf8()
    {
        if (reader.NextMessagePackType == MessagePackType.Binary)
        {
            return ReadBytes().Span;
        }
        return reader.TryReadStringSpan(out ReadOnlySpan<byte> span)
            ? span
            : throw new ProtocolException($"{reader.NextMessagePackType} stands where text was expected");
    }

    /// <summary>Reads a str, or bytes, as text.</summary>
    public string ReadString() => Tokens.Utf8.GetString(ReadUtf8());

    /// <summary>Reads a str or nil.</summary>
    public string? ReadStringOrNull() => TryReadNil() ? null : ReadString();

    /// <summary>Reads an int; a float, which Python's arithmetic makes of ints now and then, is truncated.</summary>
    public long ReadInt64() =>
        reader.NextMessagePackType == MessagePackType.Float ? checked((long)reader.ReadDouble()) : reader.ReadInt64();

    /// <summary>Reads an int that fits 32 bits.</summary>
    public int ReadInt32() => checked((int)ReadInt64());

    /// <summary>Reads a float or an int.</summary>
    public double ReadDouble() => reader.NextMessagePackType switch
    {
        MessagePackType.Integer => reader.ReadInt64(),
        MessagePackType.Float => reader.ReadDouble(),
        var other => throw new ProtocolException($"{other} stands where a number was expected"),
    };

    /// <summary>Reads a bool; None counts as false and a number by its truth, as in Python.</summary>
    public bool ReadBoolean() => reader.NextMessagePackType switch
    {
        MessagePackType.Nil => !reader.TryReadNil(),
        MessagePackType.Integer => reader.ReadInt64() != 0,
        _ => reader.ReadBoolean(),
    };

    /// <summary>Reads a bytes value.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        ReadOnlySequence<byte> bytes = reader.ReadBytes()
            ?? throw new ProtocolException("nil stands where bytes were expected");
        return bytes.First;
    }

    /// <summary>
    /// Reads any value as its token, for instance a key. It may be passed on to others: Python can decode its texts and its
    /// depth.
    /// </summary>
    public ReadOnlySpan<byte> ReadToken()
    {
        ReadOnlyMemory<byte> token = ReadTokenMemory();
        Placeholders.CheckForPython(token);
        return token.Span;
    }

    /// <summary>Reads any value as its token, unchecked: for what is only read here.</summary>
    public ReadOnlyMemory<byte> ReadTokenMemory()
    {
        long start = reader.Consumed;
        Skip();
        return memory[(int)start..(int)reader.Consumed];
    }

    /// <summary>Reads a key, copied.</summary>
    /// <exception cref="ProtocolException">The value is nothing that Dask allows as a key.</exception>
    public Key ReadKey()
    {
        ReadOnlySpan<byte> token = ReadToken();
        KeyReader.Check(token);
        return new Key(token.ToArray());
    }

    /// <summary>Reads any value with the frames that it refers to, copied.</summary>
    public Opaque ReadOpaque() => Placeholders.Extract(ReadToken(), frames);

    /// <summary>Passes over any value.</summary>
    public void Skip() => reader.Skip(Contexts.Bounded);
}
