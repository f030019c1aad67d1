using System.Text;
using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>Makes small msgpack tokens that are written many times: addresses, names, constants.</summary>
public static class Tokens
{
    /// <summary>The token of nil.</summary>
    public static byte[] Nil { get; } = [0xc0];

    /// <summary>The token of a str.</summary>
    public static byte[] String(string text) => Build(text, static (ref MessagePackWriter w, string t) => w.Write(t));

    /// <summary>The token of an int.</summary>
    public static byte[] Int(long value) => Build(value, static (ref MessagePackWriter w, long v) => w.Write(v));

    /// <summary>The token of a bytes value.</summary>
    public static byte[] Bytes(ReadOnlySpan<byte> bytes)
    {
        var buffer = new FrameBuffer();
        var writer = new MessagePackWriter(buffer);
        writer.Write(bytes);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The text of a str or bytes token; other tokens give Python's <c>str()</c> of the value.</summary>
    public static string Text(ReadOnlySpan<byte> token) => KeyText.Str(token);

    /// <summary>UTF-8 without a byte-order mark, throwing on text that is none.</summary>
    public static UTF8Encoding Utf8 { get; } = new(false, true);

    private delegate void Write<T>(ref MessagePackWriter writer, T value);

    private static byte[] Build<T>(T value, Write<T> write)
    {
        var buffer = new FrameBuffer();
        var writer = new MessagePackWriter(buffer);
        write(ref writer, value);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
