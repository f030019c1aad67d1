using System.Diagnostics.CodeAnalysis;

namespace Csds.Protocol;

/// <summary>
/// A Dask key: a str, bytes, number or nested tuple, held as its msgpack token. As encoded bytes all of these are one
/// thing to hash, compare and copy, and bytes are what goes back on the wire.
/// </summary>
/// <remarks>
/// Python says <c>1 == 1.0 == True</c>; tokens do not. Keys that differ only so are different keys here.
/// </remarks>
public readonly struct Key(byte[] token) : IEquatable<Key>
{
    private readonly byte[] token = token;

    /// <summary>The msgpack encoding, the way the first peer spelled it.</summary>
    public ReadOnlySpan<byte> Token => token;

    /// <summary>True for <c>default(Key)</c>, which is no key at all.</summary>
    public bool IsNone => token is null;

    /// <summary>A key that is a Python str.</summary>
    public static Key FromString(string text) => new(Tokens.String(text));

    /// <inheritdoc/>
    public bool Equals(Key other) => Token.SequenceEqual(other.Token);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Key other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ByteHash.Of(token);

    /// <summary><c>str(key)</c> as Python prints it.</summary>
    public override string ToString() => token is null ? "" : KeyText.Str(token);

    /// <summary><c>repr(key)</c> as Python prints it.</summary>
    public string Repr() => KeyText.Repr(token);

    /// <inheritdoc cref="Equals(Key)"/>
    public static bool operator ==(Key left, Key right) => left.Equals(right);

    /// <inheritdoc cref="Equals(Key)"/>
    public static bool operator !=(Key left, Key right) => !left.Equals(right);
}

/// <summary>Looks keys up by a span into a received frame, so that nothing is copied to find a task.</summary>
public sealed class KeyComparer : IEqualityComparer<Key>, IAlternateEqualityComparer<ReadOnlySpan<byte>, Key>
{
    /// <summary>The one instance.</summary>
    public static KeyComparer Instance { get; } = new();

    private KeyComparer()
    {
    }

    /// <inheritdoc/>
    public bool Equals(Key x, Key y) => x.Equals(y);

    /// <inheritdoc/>
    public int GetHashCode(Key obj) => ByteHash.Of(obj.Token);

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, Key other) => alternate.SequenceEqual(other.Token);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> alternate) => ByteHash.Of(alternate);

    /// <inheritdoc/>
    public Key Create(ReadOnlySpan<byte> alternate) => new(alternate.ToArray());
}
