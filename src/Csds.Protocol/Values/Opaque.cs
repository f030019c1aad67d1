namespace Csds.Protocol;

/// <summary>
/// A value that is carried and never understood: its msgpack token, and the frames that the token's placeholders refer
/// to (rows W14, W15). Placeholders are numbered from 1, as if the token were frame 0 of a message of its own.
/// </summary>
public sealed class Opaque(ReadOnlyMemory<byte> token, params ReadOnlyMemory<byte>[] frames)
{
    /// <summary>Python's <c>None</c>.</summary>
    public static Opaque Nil { get; } = new(Tokens.Nil);

    /// <summary>The msgpack encoding.</summary>
    public ReadOnlyMemory<byte> Token { get; } = token;

    /// <summary>What the token's placeholders refer to.</summary>
    public ReadOnlyMemory<byte>[] Frames { get; } = frames;

    /// <summary>The token of a value that is nothing but serialized frames.</summary>
    public static ReadOnlyMemory<byte> SerializedToken => Placeholders.Serialized;

    /// <summary>True for a value with <see cref="SerializedToken"/>.</summary>
    public bool IsSerialized => Token.Span.SequenceEqual(SerializedToken.Span);

    /// <summary>True for <c>None</c>.</summary>
    public bool IsNil => Token.Length == 1 && Token.Span[0] == 0xc0;

    /// <summary>A <c>bytes</c> value, for instance a pickle: what <c>clean_exception</c> accepts in all releases (W21).</summary>
    public static Opaque FromBytes(ReadOnlySpan<byte> bytes) => new(Tokens.Bytes(bytes));

    /// <summary>A <c>str</c> value.</summary>
    public static Opaque FromString(string text) => new(Tokens.String(text));
}
