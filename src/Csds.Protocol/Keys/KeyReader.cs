using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Walks the parts of a key's msgpack token, depth first, without allocating. Everything that cannot be a key to
/// Python (a map, an extension, bytes missing) is a <see cref="ProtocolException"/>.
/// </summary>
internal ref struct KeyReader(ReadOnlySpan<byte> token)
{
    private readonly int length = token.Length;
    private ReadOnlySpan<byte> rest = token;

    /// <summary>Number of bytes read.</summary>
    public readonly int Consumed => length - rest.Length;

    /// <summary>The content of a str (UTF-8) or bytes part.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The value of an int or bool part; a large integer's bits.</summary>
    public long Integer { get; private set; }

    /// <summary>The value of a float part.</summary>
    public double Float { get; private set; }

    /// <summary>The number of items of a tuple part.</summary>
    public int Count { get; private set; }

    /// <summary>Refuses what is no key.</summary>
    public static void Check(ReadOnlySpan<byte> token) => new KeyReader(token).SkipPart();

    /// <summary>Reads the next part; of a tuple only its head.</summary>
    public KeyPartKind Read()
    {
        if (rest.IsEmpty)
        {
            throw Broken();
        }
        byte code = rest[0];
        // Most keys and most parts of keys.
        if (code == MessagePackCode.Str8 && rest.Length > 1 && rest[1] <= rest.Length - 2)
        {
            return ReadStr(2, rest[1]);
        }
        if (code is >= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr && (code & 0x1f) < rest.Length)
        {
            return ReadStr(1, code & 0x1f);
        }
        if (code <= MessagePackCode.MaxFixInt)
        {
            Integer = code;
            rest = rest[1..];
            return KeyPartKind.Integer;
        }
        switch (MessagePackCode.ToMessagePackType(code))
        {
            case MessagePackType.String:
                Expect(MessagePackPrimitives.TryReadStringHeader(rest, out uint bytes, out int size), size);
                Content = Take(bytes);
                return KeyPartKind.Str;
            case MessagePackType.Integer:
                return ReadInteger();
            case MessagePackType.Array:
                Expect(MessagePackPrimitives.TryReadArrayHeader(rest, out uint items, out size), size);
                // Each item has a byte at least: a longer tuple is a lie, and a reader's memory must not follow it.
                Count = items <= (uint)rest.Length ? (int)items : throw Broken();
                return KeyPartKind.Tuple;
            case MessagePackType.Binary:
                Expect(MessagePackPrimitives.TryReadBinHeader(rest, out bytes, out size), size);
                Content = Take(bytes);
                return KeyPartKind.Bytes;
            case MessagePackType.Float:
                Expect(MessagePackPrimitives.TryRead(rest, out double value, out size), size);
                Float = value;
                return KeyPartKind.Float;
            case MessagePackType.Boolean:
                Expect(MessagePackPrimitives.TryRead(rest, out bool flag, out size), size);
                Integer = flag ? 1 : 0;
                return KeyPartKind.Bool;
            case MessagePackType.Nil:
                Expect(MessagePackPrimitives.TryReadNil(rest, out size), size);
                return KeyPartKind.None;
            default:
                throw new ProtocolException($"a key contains the msgpack code 0x{code:x2}, which no Dask key has");
        }
    }

    /// <summary>Steps over the next part with everything in it and gives its token.</summary>
    public ReadOnlySpan<byte> ReadRaw()
    {
        ReadOnlySpan<byte> start = rest;
        SkipPart();
        return start[..(start.Length - rest.Length)];
    }

    private void SkipPart()
    {
        for (long open = 1; open > 0; open--)
        {
            if (Read() == KeyPartKind.Tuple)
            {
                open += Count;
            }
        }
    }

    private KeyPartKind ReadStr(int start, int bytes)
    {
        Content = rest.Slice(start, bytes);
        rest = rest[(start + bytes)..];
        return KeyPartKind.Str;
    }

    private KeyPartKind ReadInteger()
    {
        // The primitive for signed numbers throws where a number has 64 bits and no sign.
        if (rest[0] == MessagePackCode.UInt64)
        {
            Expect(MessagePackPrimitives.TryRead(rest, out ulong unsigned, out int width), width);
            Integer = (long)unsigned;
            return Integer < 0 ? KeyPartKind.LargeInteger : KeyPartKind.Integer;
        }
        Expect(MessagePackPrimitives.TryRead(rest, out long signed, out int size), size);
        Integer = signed;
        return KeyPartKind.Integer;
    }

    private void Expect(MessagePackPrimitives.DecodeResult result, int size)
    {
        if (result != MessagePackPrimitives.DecodeResult.Success)
        {
            throw Broken();
        }
        rest = rest[size..];
    }

    private ReadOnlySpan<byte> Take(uint bytes)
    {
        if (bytes > (uint)rest.Length)
        {
            throw Broken();
        }
        ReadOnlySpan<byte> taken = rest[..(int)bytes];
        rest = rest[(int)bytes..];
        return taken;
    }

    private static ProtocolException Broken() => new("a key ends before its msgpack encoding does");
}
