using System.Text;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>Writes one value into a <see cref="MessageBatch"/>. Text is given as UTF-8, so that nothing is encoded twice.</summary>
public readonly ref struct MessageWriter
{
    private const int LargestHeader = 9;

    private readonly MessageBatch batch;
    private readonly FrameBuffer token;

    internal MessageWriter(MessageBatch batch, FrameBuffer token)
    {
        this.batch = batch;
        this.token = token;
    }

    /// <summary>Begins a map; keys and values follow alternately.</summary>
    public void Map(int entries)
    {
        MessagePackPrimitives.TryWriteMapHeader(token.GetSpan(LargestHeader), (uint)entries, out int size);
        token.Advance(size);
    }

    /// <summary>Begins a list.</summary>
    public void List(int items)
    {
        MessagePackPrimitives.TryWriteArrayHeader(token.GetSpan(LargestHeader), (uint)items, out int size);
        token.Advance(size);
    }

    /// <summary>
    /// Begins a list of one item, which follows and ends the message. If the message before is the same but for its own such list,
    /// the item is added to that one, and there is no second message.
    /// </summary>
    public void GrowingList() => batch.BeginGrowingList();

    /// <summary>Makes room for what follows, at once instead of little by little.</summary>
    public void Expect(int bytes) => token.GetSpan(bytes);

    /// <summary>Begins a Python set: its items follow as those of a list (row W16).</summary>
    public void Set(int items)
    {
        Map(2);
        Field("__Set__"u8, true);
        Text("as-list"u8);
        List(items);
    }

    /// <summary>Writes a map's key, or any text.</summary>
    public void Text(ReadOnlySpan<byte> utf8)
    {
        Span<byte> span = token.GetSpan(LargestHeader + utf8.Length);
        int size = 1;
        if (utf8.Length <= MessagePackCode.MaxFixStr - MessagePackCode.MinFixStr)
        {
            span[0] = (byte)(MessagePackCode.MinFixStr | utf8.Length);
        }
        else
        {
            MessagePackPrimitives.TryWriteStringHeader(span, (uint)utf8.Length, out size);
        }
        utf8.CopyTo(span[size..]);
        token.Advance(size + utf8.Length);
    }

    /// <summary>Writes text.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Nil();
            return;
        }
        int length = Encoding.UTF8.GetByteCount(text);
        Span<byte> span = token.GetSpan(LargestHeader + length);
        MessagePackPrimitives.TryWriteStringHeader(span, (uint)length, out int size);
        Encoding.UTF8.GetBytes(text, span[size..]);
        token.Advance(size + length);
    }

    /// <summary>Writes a field whose value is text.</summary>
    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        Text(name);
        Text(utf8);
    }

    /// <summary>Writes a field whose value is text or None.</summary>
    public void Field(ReadOnlySpan<byte> name, string? text)
    {
        Text(name);
        Text(text);
    }

    /// <summary>Writes a field whose value is an int.</summary>
    public void Field(ReadOnlySpan<byte> name, long value)
    {
        Text(name);
        Int(value);
    }

    /// <summary>Writes a field whose value is a float.</summary>
    public void Field(ReadOnlySpan<byte> name, double value)
    {
        Text(name);
        Float(value);
    }

    /// <summary>Writes a field whose value is a bool.</summary>
    public void Field(ReadOnlySpan<byte> name, bool value)
    {
        Text(name);
        Bool(value);
    }

    /// <summary>Writes a field whose value was encoded before.</summary>
    public void FieldToken(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Text(name);
        Token(value);
    }

    /// <summary>Writes a field whose value is carried, frames included.</summary>
    public void Field(ReadOnlySpan<byte> name, Opaque? value)
    {
        Text(name);
        Value(value);
    }

    /// <summary>Writes a value that was encoded before, for instance a key.</summary>
    public void Token(ReadOnlySpan<byte> value)
    {
        value.CopyTo(token.GetSpan(value.Length));
        token.Advance(value.Length);
    }

    /// <summary>Writes a key.</summary>
    public void Key(Key key) => Token(key.Token);

    /// <summary>Writes an int.</summary>
    public void Int(long value)
    {
        MessagePackPrimitives.TryWrite(token.GetSpan(LargestHeader), value, out int size);
        token.Advance(size);
    }

    /// <summary>Writes a float.</summary>
    public void Float(double value)
    {
        MessagePackPrimitives.TryWrite(token.GetSpan(LargestHeader), value, out int size);
        token.Advance(size);
    }

    /// <summary>Writes a bool.</summary>
    public void Bool(bool value)
    {
        MessagePackPrimitives.TryWrite(token.GetSpan(LargestHeader), value, out int size);
        token.Advance(size);
    }

    /// <summary>Writes None.</summary>
    public void Nil() => Token(Tokens.Nil);

    /// <summary>Writes a bytes value.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        MessagePackPrimitives.TryWriteBinHeader(token.GetSpan(LargestHeader), (uint)bytes.Length, out int size);
        token.Advance(size);
        Token(bytes);
    }

    /// <summary>Writes a carried value, its frames included; null is None.</summary>
    public void Value(Opaque? value)
    {
        if (value is null)
        {
            Nil();
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
    public void Token(ReadOnlyMemory<byte> value, int firstFrame)
    {
        if (firstFrame == batch.FrameCount)
        {
            Token(value.Span); // No frames were carried, so there is nothing to renumber.
        }
        else
        {
            Placeholders.Emit(value, firstFrame, token);
        }
    }

    /// <summary>
    /// Writes the value whose pickle is <paramref name="header"/>: a frame that <c>{"__Pickled__": k}</c> refers to,
    /// sub-header and pickle in one (row W15).
    /// </summary>
    public void Pickled(ReadOnlyMemory<byte> header)
    {
        Map(1);
        Field("__Pickled__"u8, batch.AddFrame(header));
    }

    /// <summary>Ends the value.</summary>
    /// <param name="canWait">Whether nobody waits for the message, so that it may leave with a later one to the same peer.</param>
    public void End(bool canWait = false) => batch.Ended(canWait);
}
