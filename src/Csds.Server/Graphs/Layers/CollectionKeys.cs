using System.Buffers;
using System.Globalization;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Writes the keys of one collection as Dask's <c>stringify</c> does, which is Python's repr of a tuple:
/// <c>('name', 0, 1)</c>. One after the other in the same memory.
/// </summary>
internal sealed class CollectionKeys
{
    private const int LargestHeader = 5;
    private const int LargestNumber = 2 + 11;

    // Room for the token's header, and the text up to the name's end.
    private readonly int nameEnd;
    private byte[] buffer;
    private int start, end;

    /// <summary>Keys of a collection with a name in UTF-8.</summary>
    internal CollectionKeys(ReadOnlySpan<byte> name)
    {
        var text = new ArrayBufferWriter<byte>();
        text.Write("00000("u8);
        KeyText.WriteRepr(Tokens.String(Tokens.Utf8.GetString(name)), text);
        nameEnd = end = text.WrittenCount;
        buffer = text.WrittenSpan.ToArray();
    }

    /// <summary>Size of a key in bytes, about.</summary>
    internal int Bytes => nameEnd + 16;

    /// <summary>The last key's text in UTF-8.</summary>
    internal ReadOnlySpan<byte> Text => buffer.AsSpan(LargestHeader, end - LargestHeader);

    /// <summary>The last key's token.</summary>
    internal ReadOnlySpan<byte> Token => buffer.AsSpan(start, end - start);

    /// <summary>Writes the key of a block.</summary>
    internal ReadOnlySpan<byte> Write(params ReadOnlySpan<int> indices)
    {
        end = nameEnd;
        if (indices.IsEmpty)
        {
            Add(","u8);
        }
        foreach (int index in indices)
        {
            Add(", "u8);
            Add(index);
        }
        return Close();
    }

    /// <summary>Writes a key with a number, a tuple of at least two numbers, and perhaps text that needs no quoting.</summary>
    internal ReadOnlySpan<byte> WriteNested(int? first, ReadOnlySpan<int> tuple, ReadOnlySpan<byte> last = default)
    {
        end = nameEnd;
        if (first is { } number)
        {
            Add(", "u8);
            Add(number);
        }
        Add(", ("u8);
        for (int i = 0; i < tuple.Length; i++)
        {
            if (i > 0)
            {
                Add(", "u8);
            }
            Add(tuple[i]);
        }
        Add(tuple.Length == 1 ? ",)"u8 : ")"u8);
        if (!last.IsEmpty)
        {
            Add(", '"u8);
            Add(last);
            Add("'"u8);
        }
        return Close();
    }

    private ReadOnlySpan<byte> Close()
    {
        Add(")"u8);
        Span<byte> header = stackalloc byte[LargestHeader];
        MessagePackPrimitives.TryWriteStringHeader(header, (uint)(end - LargestHeader), out int size);
        start = LargestHeader - size;
        header[..size].CopyTo(buffer.AsSpan(start));
        return Token;
    }

    private void Add(int number)
    {
        number.TryFormat(Room(LargestNumber), out int written, default, CultureInfo.InvariantCulture);
        end += written;
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        end += text.Length;
    }

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - end < bytes)
        {
            Array.Resize(ref buffer, (2 * buffer.Length) + bytes);
        }
        return buffer.AsSpan(end);
    }
}
