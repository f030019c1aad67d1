using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>Writes one value into a <see cref="MessageBatch"/>. Text is given as UTF-8, so that nothing is encoded twice.</summary>
public ref struct MessageWriter
{
    private readonly MessageBatch batch;
    private MessagePackWriter writer;

    internal MessageWriter(MessageBatch batch, FrameBuffer token)
    {
        this.batch = batch;
        writer = new MessagePackWriter(token);
    }

    /// <summary>Begins a map; keys and values follow alternately.</summary>
    public void Map(int entries) => writer.WriteMapHeader(entries);

    /// <summary>Begins a list.</summary>
    public void List(int items) => writer.WriteArrayHeader(items);

    /// <summary>Begins a Python set: its items follow as those of a list (row W16).</summary>
    public void Set(int items)
    {
        writer.WriteMapHeader(2);
        writer.WriteString("__Set__"u8);
        writer.Write(true);
        writer.WriteString("as-list"u8);
        writer.WriteArrayHeader(items);
    }

    /// <summary>Writes a map's key, or any text.</summary>
    public void Text(ReadOnlySpan<byte> utf8) => writer.WriteString(utf8);

    /// <summary>Writes text.</summary>
    public void Text(string? text) => writer.Write(text);

    /// <summary>Writes a field whose value is text.</summary>
    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        writer.WriteString(name);
        writer.WriteString(utf8);
    }

    /// <summary>Writes a field whose value is text or None.</summary>
    public void Field(ReadOnlySpan<byte> name, string? text)
    {
        writer.WriteString(name);
        writer.Write(text);
    }

    /// <summary>Writes a field whose value is an int.</summary>
    public void Field(ReadOnlySpan<byte> name, long value)
    {
        writer.WriteString(name);
        writer.Write(value);
    }

    /// <summary>Writes a field whose value is a float.</summary>
    public void Field(ReadOnlySpan<byte> name, double value)
    {
        writer.WriteString(name);
        writer.Write(value);
    }

    /// <summary>Writes a field whose value is a bool.</summary>
    public void Field(ReadOnlySpan<byte> name, bool value)
    {
        writer.WriteString(name);
        writer.Write(value);
    }

    /// <summary>Writes a field whose value was encoded before.</summary>
    public void FieldToken(ReadOnlySpan<byte> name, ReadOnlySpan<byte> token)
    {
        writer.WriteString(name);
        writer.WriteRaw(token);
    }

    /// <summary>Writes a field whose value is carried, frames included.</summary>
    public void Field(ReadOnlySpan<byte> name, Opaque? value)
    {
        writer.WriteString(name);
        Value(value);
    }

    /// <summary>Writes a value that was encoded before, for instance a key.</summary>
    public void Token(ReadOnlySpan<byte> token) => writer.WriteRaw(token);

    /// <summary>Writes a key.</summary>
    public void Key(Key key) => writer.WriteRaw(key.Token);

    /// <summary>Writes an int.</summary>
    public void Int(long value) => writer.Write(value);

    /// <summary>Writes a float.</summary>
    public void Float(double value) => writer.Write(value);

    /// <summary>Writes a bool.</summary>
    public void Bool(bool value) => writer.Write(value);

    /// <summary>Writes None.</summary>
    public void Nil() => writer.WriteNil();

    /// <summary>Writes a bytes value.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes) => writer.Write(bytes);

    /// <summary>Writes a carried value, its frames included; null is None.</summary>
    public void Value(Opaque? value)
    {
        if (value is null)
        {
            writer.WriteNil();
            return;
        }
        Token(value.Token, Carry(value));
    }

    /// <summary>Adds the frames of a carried value, parts of whose token follow; answers the number of the first frame.</summary>
    public readonly int Carry(Opaque value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int first = batch.FrameCount;
        foreach (ReadOnlyMemory<byte> frame in value.Frames)
        {
            batch.AddFrame(frame);
        }
        return first;
    }

    /// <summary>Writes a part of a carried value, whose frames begin at <paramref name="firstFrame"/> (<see cref="Carry"/>).</summary>
    public void Token(ReadOnlyMemory<byte> token, int firstFrame)
    {
        if (firstFrame == batch.FrameCount)
        {
            writer.WriteRaw(token.Span); // No frames were carried, so there is nothing to renumber.
        }
        else
        {
            Placeholders.Emit(token, firstFrame, ref writer);
        }
    }

    /// <summary>
    /// Writes the value whose pickle is <paramref name="header"/>: a frame that <c>{"__Pickled__": k}</c> refers to,
    /// sub-header and pickle in one (row W15).
    /// </summary>
    public void Pickled(ReadOnlyMemory<byte> header)
    {
        writer.WriteMapHeader(1);
        writer.WriteString("__Pickled__"u8);
        writer.Write(batch.AddFrame(header));
    }

    /// <summary>Ends the value.</summary>
    public void End()
    {
        writer.Flush();
        batch.Ended();
    }
}
