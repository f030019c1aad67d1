using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Csds.Protocol;

/// <summary>CPython's <c>repr()</c> of the atoms that keys are made of, as UTF-8.</summary>
internal static class PythonRepr
{
    private static readonly SearchValues<byte> PlainInStr = SearchValues.Create(Printable(except: "'\\"));

    internal static void WriteInteger<T>(T value, IBufferWriter<byte> output)
        where T : IUtf8SpanFormattable
    {
        bool fits = value.TryFormat(output.GetSpan(20), out int written, default, CultureInfo.InvariantCulture);
        Debug.Assert(fits);
        output.Advance(written);
    }

    /// <summary>
    /// The shortest digits that read back as the same number, laid out as <c>float.__repr__</c> does.
    /// </summary>
    internal static void WriteFloat(double value, IBufferWriter<byte> output)
    {
        if (!double.IsFinite(value))
        {
            output.Write(double.IsNaN(value) ? "nan"u8 : value > 0 ? "inf"u8 : "-inf"u8);
            return;
        }
        if (double.IsNegative(value))
        {
            output.Write("-"u8);
        }
        Span<byte> digits = stackalloc byte[32];
        int count = ShortestDigits(Math.Abs(value), digits, out int point);
        digits = digits[..count];
        // CPython's format code 'r': exponents from -4 to 15 are written out.
        if (point is < -3 or > 16)
        {
            WriteScientific(digits, point - 1, output);
        }
        else if (point <= 0)
        {
            output.Write("0."u8);
            Fill(output, -point);
            output.Write(digits);
        }
        else if (point >= count)
        {
            output.Write(digits);
            Fill(output, point - count);
            output.Write(".0"u8);
        }
        else
        {
            output.Write(digits[..point]);
            output.Write("."u8);
            output.Write(digits[point..]);
        }
    }

    internal static void WriteStr(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        if (utf8.IndexOfAnyExcept(PlainInStr) < 0)
        {
            Span<byte> target = output.GetSpan(utf8.Length + 2);
            target[0] = (byte)'\'';
            utf8.CopyTo(target[1..]);
            target[utf8.Length + 1] = (byte)'\'';
            output.Advance(utf8.Length + 2);
            return;
        }
        byte quote = Quote(utf8);
        WriteByte(quote, output);
        while (!utf8.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(utf8, out Rune rune, out int size);
            if (status != OperationStatus.Done)
            {
                // Python reads such text with 'surrogateescape' where it reads it at all.
                WriteEscape('u', 0xdc00u + utf8[0], 4, output);
                utf8 = utf8[1..];
                continue;
            }
            WriteRune(rune, utf8[..size], quote, output);
            utf8 = utf8[size..];
        }
        WriteByte(quote, output);
    }

    internal static void WriteBytes(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        byte quote = Quote(bytes);
        WriteByte((byte)'b', output);
        WriteByte(quote, output);
        foreach (byte value in bytes)
        {
            if (value is >= 0x20 and < 0x7f && value != quote && value != '\\')
            {
                WriteByte(value, output);
            }
            else if (!TryWriteShortEscape(value, quote, output))
            {
                WriteEscape('x', value, 2, output);
            }
        }
        WriteByte(quote, output);
    }

    private static void WriteRune(Rune rune, ReadOnlySpan<byte> utf8, byte quote, IBufferWriter<byte> output)
    {
        uint value = (uint)rune.Value;
        if (value < 0x80)
        {
            if (TryWriteShortEscape((byte)value, quote, output))
            {
                return;
            }
            if (value is >= 0x20 and < 0x7f)
            {
                WriteByte((byte)value, output);
                return;
            }
        }
        else if (IsPrintable(rune))
        {
            output.Write(utf8);
            return;
        }
        switch (value)
        {
            case <= 0xff:
                WriteEscape('x', value, 2, output);
                break;
            case <= 0xffff:
                WriteEscape('u', value, 4, output);
                break;
            default:
                WriteEscape('U', value, 8, output);
                break;
        }
    }

    /// <summary><c>str.isprintable</c> of one character above ASCII.</summary>
    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    private static bool TryWriteShortEscape(byte value, byte quote, IBufferWriter<byte> output)
    {
        byte letter = value switch
        {
            (byte)'\t' => (byte)'t',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\\' => value,
            _ => value == quote ? value : (byte)0,
        };
        if (letter == 0)
        {
            return false;
        }
        WriteByte((byte)'\\', output);
        WriteByte(letter, output);
        return true;
    }

    /// <summary>Python prefers single quotes, unless only they are in the text.</summary>
    private static byte Quote(ReadOnlySpan<byte> text) =>
        text.Contains((byte)'\'') && !text.Contains((byte)'"') ? (byte)'"' : (byte)'\'';

    private static void WriteEscape(char kind, uint value, int width, IBufferWriter<byte> output)
    {
        Span<byte> target = output.GetSpan(2 + width);
        target[0] = (byte)'\\';
        target[1] = (byte)kind;
        for (int i = 0; i < width; i++)
        {
            target[2 + i] = "0123456789abcdef"u8[(int)(value >> (4 * (width - 1 - i))) & 15];
        }
        output.Advance(2 + width);
    }

    private static void WriteScientific(ReadOnlySpan<byte> digits, int exponent, IBufferWriter<byte> output)
    {
        output.Write(digits[..1]);
        if (digits.Length > 1)
        {
            output.Write("."u8);
            output.Write(digits[1..]);
        }
        output.Write(exponent < 0 ? "e-"u8 : "e+"u8);
        if (Math.Abs(exponent) < 10)
        {
            output.Write("0"u8);
        }
        WriteInteger(Math.Abs(exponent), output);
    }

    /// <summary>
    /// The digits of a number that is not negative, without zeros at either end, and the place of its point.
    /// </summary>
    private static int ShortestDigits(double value, Span<byte> digits, out int point)
    {
        // The point is counted from the left: 0.05 is 5 with its point at -1, 120 is 12 with its point at 3.
        Span<byte> text = stackalloc byte[32];
        bool fits = value.TryFormat(text, out int written, "R", CultureInfo.InvariantCulture);
        Debug.Assert(fits);
        text = text[..written];
        int exponent = 0;
        int e = text.IndexOf((byte)'E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }
        int dot = text.IndexOf((byte)'.');
        point = exponent + (dot >= 0 ? dot : text.Length);
        int count = 0;
        foreach (byte c in text)
        {
            if (c == '0' && count == 0)
            {
                point--;
            }
            else if (c != '.')
            {
                digits[count++] = c;
            }
        }
        while (count > 0 && digits[count - 1] == '0')
        {
            count--;
        }
        if (count == 0)
        {
            digits[0] = (byte)'0';
            point = count = 1;
        }
        return count;
    }

    private static void Fill(IBufferWriter<byte> output, int zeros) => output.Write("0000000000000000"u8[..zeros]);

    private static void WriteByte(byte value, IBufferWriter<byte> output)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private static ReadOnlySpan<byte> Printable(string except)
    {
        var bytes = new List<byte>();
        for (int c = 0x20; c < 0x7f; c++)
        {
            if (!except.Contains((char)c, StringComparison.Ordinal))
            {
                bytes.Add((byte)c);
            }
        }
        return bytes.ToArray();
    }
}
