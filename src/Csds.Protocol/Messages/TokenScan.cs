using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>
/// Finds where a msgpack value ends. Most of what a scheduler receives is passed on and never looked at, so this is what it
/// does most often; it works on the bytes and allocates nothing (ADR 0015).
/// </summary>
internal static class TokenScan
{
    /// <summary>Deeper nesting than this is refused, as Python's msgpack does: profiles have two levels for each frame of a stack.</summary>
    internal const int MaxDepth = 1024;

    /// <summary>Length in bytes of the value at the beginning of <paramref name="bytes"/>, however deeply it is nested.</summary>
    /// <exception cref="ProtocolException">The value is cut off or malformed.</exception>
    internal static int Length(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        for (long open = 1; open > 0; open--)
        {
            if ((uint)at < (uint)bytes.Length && FixedSizes[bytes[at]] is var size and > 0)
            {
                at += size;
            }
            else
            {
                open += Head(bytes, ref at, checkTexts: false);
            }
        }
        return at <= bytes.Length ? at : throw CutOff();
    }

    /// <summary>
    /// The same for a value that others are to read with Python: what its decoder refuses, deep nesting and texts that are no
    /// UTF-8, is refused here, so that nobody else suffers from getting it.
    /// </summary>
    /// <exception cref="ProtocolException">The value is cut off or malformed, or Python would refuse it.</exception>
    internal static int LengthForPython(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        if (!TryPassShort(bytes, ref at))
        {
            PassForPython(bytes, ref at, 0);
        }
        return at;
    }

    private static void PassForPython(ReadOnlySpan<byte> bytes, ref int at, int depth)
    {
        long items = Head(bytes, ref at, checkTexts: true);
        if (items > 0 && depth == MaxDepth)
        {
            throw new ProtocolException($"a value is nested deeper than {MaxDepth} levels");
        }
        for (; items > 0; items--)
        {
            if (!TryPassShort(bytes, ref at))
            {
                PassForPython(bytes, ref at, depth + 1);
            }
        }
    }

    // What there is most of: values without a length, and keys.
    private static bool TryPassShort(ReadOnlySpan<byte> bytes, ref int at)
    {
        if ((uint)at >= (uint)bytes.Length)
        {
            return false;
        }
        int code = bytes[at], start = at + 1, size = FixedSizes[code];
        if (code == MessagePackCode.Str8 && start < bytes.Length)
        {
            size = 2 + bytes[start++];
        }
        else if (code is < MessagePackCode.MinFixStr or > MessagePackCode.MaxFixStr)
        {
            start = at + size; // No text.
        }
        if (size == 0 || size > bytes.Length - at || !Ascii.IsValid(bytes[start..(at + size)]))
        {
            return false;
        }
        at += size;
        return true;
    }

    // Bytes of a value, by the first of them; 0 if it does not tell.
    private static ReadOnlySpan<byte> FixedSizes =>
    [
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 0x80: short maps
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // 0x90: short lists
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, // 0xa0: short texts
        17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
        1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9, // 0xc0: None, bools, bytes, extensions, floats, unsigned ints
        2, 3, 5, 9, 3, 4, 6, 10, 18, 0, 0, 0, 0, 0, 0, 0, // 0xd0: ints, extensions of fixed size, longer texts, lists and maps
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ];

    // Passes over a value, or over the header of a list or map, and answers the number of values in it.
    private static long Head(ReadOnlySpan<byte> bytes, ref int at, bool checkTexts)
    {
        if ((uint)at >= (uint)bytes.Length)
        {
            throw CutOff();
        }
        byte code = bytes[at++];
        switch (code)
        {
            case <= MessagePackCode.MaxFixInt or >= MessagePackCode.MinNegativeFixInt:
            case MessagePackCode.Nil or MessagePackCode.True or MessagePackCode.False:
                return 0;
            case <= MessagePackCode.MaxFixMap:
                return Items(bytes, 2 * (code & 0xf), at);
            case <= MessagePackCode.MaxFixArray:
                return Items(bytes, code & 0xf, at);
            case <= MessagePackCode.MaxFixStr:
                return Text(bytes, ref at, code & 0x1f, checkTexts);
            case MessagePackCode.Str8 or MessagePackCode.Str16 or MessagePackCode.Str32:
                return Text(bytes, ref at, Number(bytes, ref at, 1 << (code - MessagePackCode.Str8)), checkTexts);
            case MessagePackCode.Array16 or MessagePackCode.Array32:
                return Items(bytes, Number(bytes, ref at, 2 << (code - MessagePackCode.Array16)), at);
            case MessagePackCode.Map16 or MessagePackCode.Map32:
                return Items(bytes, 2 * Number(bytes, ref at, 2 << (code - MessagePackCode.Map16)), at);
            case MessagePackCode.Bin8 or MessagePackCode.Bin16 or MessagePackCode.Bin32:
                return Pass(bytes, ref at, Number(bytes, ref at, 1 << (code - MessagePackCode.Bin8)));
            case MessagePackCode.UInt8 or MessagePackCode.Int8:
                return Pass(bytes, ref at, 1);
            case MessagePackCode.UInt16 or MessagePackCode.Int16:
                return Pass(bytes, ref at, 2);
            case MessagePackCode.UInt32 or MessagePackCode.Int32 or MessagePackCode.Float32:
                return Pass(bytes, ref at, 4);
            case MessagePackCode.UInt64 or MessagePackCode.Int64 or MessagePackCode.Float64:
                return Pass(bytes, ref at, 8);
            case MessagePackCode.Ext8 or MessagePackCode.Ext16 or MessagePackCode.Ext32:
                return Pass(bytes, ref at, 1 + Number(bytes, ref at, 1 << (code - MessagePackCode.Ext8)));
            case >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16:
                return Pass(bytes, ref at, 1 + (1 << (code - MessagePackCode.FixExt1)));
            default:
                throw new ProtocolException($"0x{code:x2} begins no msgpack value");
        }
    }

    // Each item has a byte at least: a longer list is a lie, and no time must be spent on it.
    private static long Items(ReadOnlySpan<byte> bytes, long count, int at) => count <= bytes.Length - at ? count : throw CutOff();

    private static int Text(ReadOnlySpan<byte> bytes, ref int at, long length, bool checkTexts)
    {
        int start = at;
        Pass(bytes, ref at, length);
        ReadOnlySpan<byte> text = bytes[start..at];
        if (checkTexts && !Ascii.IsValid(text) && !Utf8.IsValid(text))
        {
            throw new ProtocolException("a text is no UTF-8");
        }
        return 0;
    }

    private static long Number(ReadOnlySpan<byte> bytes, ref int at, int width)
    {
        int start = at;
        Pass(bytes, ref at, width);
        return width switch
        {
            1 => bytes[start],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[start..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(bytes[start..]),
        };
    }

    private static int Pass(ReadOnlySpan<byte> bytes, ref int at, long length)
    {
        if (length > bytes.Length - at)
        {
            throw CutOff();
        }
        at += (int)length;
        return 0;
    }

    internal static ProtocolException CutOff() => new("a value ends before its msgpack encoding does");
}
