using System.Text;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>Makes small msgpack tokens that are written many times: addresses, names, constants.</summary>
public static class Tokens
{
    /// <summary>The token of nil.</summary>
    public static byte[] Nil { get; } = [0xc0];

    /// <summary>The token of a str.</summary>
    public static byte[] String(string text)
    {
        Span<byte> header = stackalloc byte[5];
        int length = Encoding.UTF8.GetByteCount(text);
        MessagePackPrimitives.TryWriteStringHeader(header, (uint)length, out int headerBytes);
        byte[] token = new byte[headerBytes + length];
        header[..headerBytes].CopyTo(token);
        Encoding.UTF8.GetBytes(text, token.AsSpan(headerBytes));
        return token;
    }

    /// <summary>The token of an int.</summary>
    public static byte[] Int(long value)
    {
        Span<byte> token = stackalloc byte[9];
        MessagePackPrimitives.TryWrite(token, value, out int bytes);
        return token[..bytes].ToArray();
    }

    /// <summary>The token of a bytes value.</summary>
    public static byte[] Bytes(ReadOnlySpan<byte> bytes)
    {
        Span<byte> header = stackalloc byte[5];
        MessagePackPrimitives.TryWriteBinHeader(header, (uint)bytes.Length, out int headerBytes);
        return [.. header[..headerBytes], .. bytes];
    }

    /// <summary>The text of a str or bytes token; other tokens give Python's <c>str()</c> of the value.</summary>
    public static string Text(ReadOnlySpan<byte> token) => KeyText.Str(token);

    /// <summary>UTF-8 without a byte-order mark, throwing on text that is none.</summary>
    public static UTF8Encoding Utf8 { get; } = new(false, true);
}
