using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Writes the small pickles that a scheduler has to make itself: exceptions by class path and arguments (rows W21, F17), and
/// arguments of tasks. Protocol 4, readable by every supported Python.
/// </summary>
public sealed class PickleWriter
{
    private readonly FrameBuffer stream = new();

    /// <summary>Begins a pickle.</summary>
    public PickleWriter() => Restart();

    /// <summary>Forgets what was written and begins another pickle.</summary>
    public PickleWriter Restart()
    {
        stream.Clear();
        return Op(0x80).Op(4);
    }

    /// <summary>An exception: <c>module.name(*args)</c> with text arguments.</summary>
    public static byte[] Exception(string module, string name, params ReadOnlySpan<string> args)
    {
        PickleWriter writer = new PickleWriter().Global(module, name).Mark();
        foreach (string arg in args)
        {
            writer.Str(arg);
        }
        return writer.Tuple().Reduce().ToArray();
    }

    /// <summary>Pushes a class or function by its import path.</summary>
    public PickleWriter Global(string module, string name) => Str(module).Str(name).Op(0x93);

    /// <summary>Pushes a mark, the beginning of a tuple, list or dict.</summary>
    public PickleWriter Mark() => Op((byte)'(');

    /// <summary>Makes a tuple of everything since the mark.</summary>
    public PickleWriter Tuple() => Op((byte)'t');

    /// <summary>Makes a list of everything since the mark.</summary>
    public PickleWriter List() => Op((byte)'l');

    /// <summary>Makes a dict of the pairs since the mark.</summary>
    public PickleWriter Dict() => Op((byte)'d');

    /// <summary>Makes a set of everything since the mark that follows <see cref="EmptySet"/>.</summary>
    public PickleWriter AddItems() => Op(0x90);

    /// <summary>Pushes an empty set.</summary>
    public PickleWriter EmptySet() => Op(0x8f);

    /// <summary>Calls what lies below with the tuple on top.</summary>
    public PickleWriter Reduce() => Op((byte)'R');

    /// <summary>Calls <c>cls.__new__(cls, *args)</c> with the tuple on top.</summary>
    public PickleWriter NewObject() => Op(0x81);

    /// <summary>Sets the state of the object below to what is on top.</summary>
    public PickleWriter Build() => Op((byte)'b');

    /// <summary>Pushes None.</summary>
    public PickleWriter None() => Op((byte)'N');

    /// <summary>Pushes a bool.</summary>
    public PickleWriter Bool(bool value) => Op(value ? (byte)0x88 : (byte)0x89);

    /// <summary>Pushes an int.</summary>
    public PickleWriter Int(long value)
    {
        switch (value)
        {
            case >= 0 and <= byte.MaxValue:
                return Op((byte)'K').Op((byte)value);
            case >= int.MinValue and <= int.MaxValue:
                Op((byte)'J').Length((int)value);
                return this;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(Op(0x8a).Op(sizeof(long)).stream.GetSpan(sizeof(long)), value);
                stream.Advance(sizeof(long));
                return this;
        }
    }

    // An int as msgpack has it, which may need all of 64 bits.
    private PickleWriter Int(ReadOnlySpan<byte> token)
    {
        if (token is not [MessagePackCode.UInt64, >= 0x80, ..])
        {
            return Int(new MessageReader(token.ToArray()).ReadInt64());
        }
        Op(0x8a).stream.Write((ReadOnlySpan<byte>)[9]);
        for (int i = 8; i > 0; i--)
        {
            Op(token[i]);
        }
        return Op(0);
    }

    /// <summary>Pushes a float.</summary>
    public PickleWriter Float(double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        Op((byte)'G').stream.Write(bytes);
        return this;
    }

    /// <summary>Pushes a str.</summary>
    public PickleWriter Str(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Str(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Pushes a str that is given as UTF-8.</summary>
    public PickleWriter Str(ReadOnlySpan<byte> utf8)
    {
        Op((byte)'X').Length(utf8.Length).Write(utf8);
        return this;
    }

    /// <summary>Remembers what is on top; things are numbered from 0 in the order in which they were remembered.</summary>
    public PickleWriter Memoize() => Op(0x94);

    /// <summary>Pushes what was remembered under a number.</summary>
    public PickleWriter Get(int number)
    {
        Op((byte)'j').Length(number);
        return this;
    }

    /// <summary>Pushes what another pickle holds.</summary>
    public PickleWriter Loads(ReadOnlySpan<byte> pickle) =>
        Global("pickle", "loads").Mark().Bytes(pickle).Tuple().Reduce();

    /// <summary>Pushes a str, or None for null.</summary>
    public PickleWriter StrOrNone(string? value) => value is null ? None() : Str(value);

    /// <summary>Pushes a bytes value.</summary>
    public PickleWriter Bytes(ReadOnlySpan<byte> value)
    {
        Op((byte)'B').Length(value.Length).Write(value);
        return this;
    }

    /// <summary>Pushes a msgpack value: lists become tuples, as Dask's decoder makes them, and maps dicts.</summary>
    public PickleWriter Value(ref MessageReader reader)
    {
        switch (reader.NextType)
        {
            case MessagePackType.Nil:
                reader.Skip();
                return None();
            case MessagePackType.Boolean:
                return Bool(reader.ReadBoolean());
            case MessagePackType.Integer:
                return Int(reader.ReadToken());
            case MessagePackType.Float:
                return Float(reader.ReadDouble());
            case MessagePackType.Binary:
                return Bytes(reader.ReadBytes().Span);
            case MessagePackType.String:
                return Str(reader.ReadString());
            case MessagePackType.Array:
                int items = reader.ReadArrayHeader();
                Mark();
                for (int i = 0; i < items; i++)
                {
                    Value(ref reader);
                }
                return Tuple();
            case MessagePackType.Map:
                int entries = reader.ReadMapHeader();
                Mark();
                for (int i = 0; i < 2 * entries; i++)
                {
                    Value(ref reader);
                }
                return Dict();
            default:
                throw new ProtocolException($"{reader.NextType} cannot be pickled");
        }
    }

    /// <summary>Pushes a key.</summary>
    public PickleWriter Value(Key key)
    {
        var reader = new MessageReader(key.Token.ToArray());
        return Value(ref reader);
    }

    /// <summary>Ends the pickle; it is valid until <see cref="Restart"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        Op((byte)'.');
        return stream.WrittenSpan;
    }

    /// <summary>Ends the pickle.</summary>
    public byte[] ToArray() => End().ToArray();

    private PickleWriter Op(byte code)
    {
        stream.GetSpan(1)[0] = code;
        stream.Advance(1);
        return this;
    }

    // Four bytes.
    private FrameBuffer Length(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
        return stream;
    }
}
