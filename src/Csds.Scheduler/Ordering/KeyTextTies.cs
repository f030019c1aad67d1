using System.Buffers.Binary;
using Csds.Protocol;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// Ties by <c>str(key)</c>, code point by code point: the end of <c>sort_key</c> in dask.order since 2023.12.
/// </summary>
public sealed class KeyTextTies : KeyTies
{
    /// <summary>Below this many, comparing pairs is faster than cutting texts into words.</summary>
    private const int FewNodes = 24;

    private readonly Key[] keys;
    private readonly TextArena arena = new();

    // Of those that are no str; null while there are none.
    private ReadOnlyMemory<byte>[]? texts;

    /// <summary>Ties of the nodes of an <see cref="OrderGraph"/>: its tasks, then its external keys.</summary>
    public KeyTextTies(Key[] keys, params Key[] external)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(external);
        this.keys = external.Length == 0 ? keys : [.. keys, .. external];
    }

    /// <inheritdoc/>
    public override int Compare(int x, int y) => Text(x).SequenceCompareTo(Text(y));

    /// <inheritdoc/>
    public override void Sort(Span<int> nodes)
    {
        // Names of one kind of task begin alike. What all of them have in common is skipped, then eight bytes at a time
        // sort as one number.
        if (nodes.Length <= FewNodes)
        {
            base.Sort(nodes);
            return;
        }
        ulong[] words = new ulong[nodes.Length];
        var open = new Stack<(int Start, int End, int Depth)>();
        open.Push((0, nodes.Length, 0));
        while (open.TryPop(out (int Start, int End, int Depth) range))
        {
            Span<int> slice = nodes[range.Start..range.End];
            int depth = slice.Length <= FewNodes ? -1 : CommonLength(slice, range.Depth);
            if (depth < 0 || !TryCut(slice, depth, words.AsSpan(range.Start, slice.Length)))
            {
                base.Sort(slice);
                continue;
            }
            words.AsSpan(range.Start, slice.Length).Sort(slice);
            for (int start = range.Start, next; start < range.End; start = next)
            {
                next = start + 1;
                while (next < range.End && words[next] == words[start])
                {
                    next++;
                }
                if (next - start > 1)
                {
                    open.Push((start, next, depth + sizeof(ulong)));
                }
            }
        }
    }

    /// <summary>
    /// The length of what texts have in common, at least <paramref name="known"/>; -1 if one is shorter.
    /// </summary>
    private int CommonLength(ReadOnlySpan<int> nodes, int known)
    {
        ReadOnlySpan<byte> common = Text(nodes[0]);
        foreach (int node in nodes)
        {
            ReadOnlySpan<byte> text = Text(node);
            if (text.Length < known)
            {
                return -1;
            }
            common = common[..(known + common[known..].CommonPrefixLength(text[known..]))];
        }
        return common.Length;
    }

    /// <summary>
    /// The eight bytes behind <paramref name="depth"/> of each text. A text that ends is filled up with zeros, which
    /// sorts it before what it begins; false if one has zeros of its own.
    /// </summary>
    private bool TryCut(ReadOnlySpan<int> nodes, int depth, Span<ulong> words)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            ReadOnlySpan<byte> rest = Text(nodes[i])[depth..];
            if (rest.Length >= sizeof(ulong))
            {
                words[i] = BinaryPrimitives.ReadUInt64BigEndian(rest);
                continue;
            }
            words[i] = 0;
            foreach (byte value in rest)
            {
                if (value == 0)
                {
                    return false;
                }
                words[i] = (words[i] << 8) | value;
            }
            words[i] <<= 8 * (sizeof(ulong) - rest.Length - (rest.IsEmpty ? 1 : 0));
        }
        return true;
    }

    private ReadOnlySpan<byte> Text(int node)
    {
        if (KeyText.TryGetStr(keys[node].Token, out ReadOnlySpan<byte> str))
        {
            return str;
        }
        texts ??= new ReadOnlyMemory<byte>[keys.Length];
        ReadOnlyMemory<byte> text = texts[node];
        if (text.IsEmpty)
        {
            KeyText.WriteRepr(keys[node].Token, arena);
            text = texts[node] = arena.Take();
        }
        return text.Span;
    }
}
