using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Looks up what is known by the index of a block.</summary>
internal sealed class BlockComparer : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
{
    private BlockComparer()
    {
    }

    /// <summary>The one instance.</summary>
    internal static BlockComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] int[] obj) => GetHashCode(obj.AsSpan());

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<int> alternate) => ByteHash.Of(MemoryMarshal.AsBytes(alternate));

    /// <inheritdoc/>
    public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
}
