using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Looks texts up by their UTF-8 as it lies in a message, so that nothing is decoded that is known.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    /// <summary>The one instance.</summary>
    internal static Utf8Comparer Instance { get; } = new();

    private Utf8Comparer()
    {
    }

    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    /// <inheritdoc/>
    public int GetHashCode(string obj) => ByteHash.Of(Encoding.UTF8.GetBytes(obj));

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, string other) =>
        Ascii.Equals(alternate, other) || alternate.SequenceEqual(Encoding.UTF8.GetBytes(other));

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> alternate) => ByteHash.Of(alternate);

    /// <inheritdoc/>
    public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);
}
