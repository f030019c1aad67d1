using System.Runtime.InteropServices;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Values that nearly all members of something have in common: each of them once, and how many members have it.</summary>
public sealed class TokenCounts
{
    private readonly Dictionary<Key, int> counts = new(KeyComparer.Instance);
    private readonly Dictionary<Key, int>.AlternateLookup<ReadOnlySpan<byte>> byToken;

    internal TokenCounts() => byToken = counts.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The values, as msgpack, in no order that means anything.</summary>
    public IEnumerable<Key> Distinct => counts.Keys;

    internal void Add(ReadOnlySpan<byte> token) => CollectionsMarshal.GetValueRefOrAddDefault(byToken, token, out _)++;

    internal void Remove(ReadOnlySpan<byte> token)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(byToken, token) == 0)
        {
            byToken.Remove(token);
        }
    }
}
