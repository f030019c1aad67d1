using System.Collections;
using System.Numerics;

namespace Csds.Scheduler;

/// <summary>
/// A set of workers that can be asked for its k-th by address: Dask's <c>SortedDict</c> of idle workers. A bit per
/// worker; finding the k-th counts the bits of whole words, 157 of them for 10,000 workers.
/// </summary>
public sealed class RankedWorkerSet : IReadOnlyList<WorkerState>
{
    private ulong[] words = [];
    private IReadOnlyList<WorkerState> ranked = [];

    /// <summary>Number of workers in the set.</summary>
    public int Count { get; private set; }

    /// <summary>The <paramref name="index"/>-th worker by address.</summary>
    public WorkerState this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            int left = index;
            int word = 0;
            while (BitOperations.PopCount(words[word]) is int bits && bits <= left)
            {
                left -= bits;
                word++;
            }
            ulong rest = words[word];
            for (; left > 0; left--)
            {
                rest &= rest - 1;
            }
            return ranked[(word * 64) + BitOperations.TrailingZeroCount(rest)];
        }
    }

    /// <summary>Whether <paramref name="ws"/> is in the set.</summary>
    public bool Contains(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return ws.Rank / 64 < words.Length && (words[ws.Rank / 64] & Bit(ws)) != 0 && ReferenceEquals(ranked[ws.Rank], ws);
    }

    internal bool Add(WorkerState ws)
    {
        if (Contains(ws))
        {
            return false;
        }
        words[ws.Rank / 64] |= Bit(ws);
        Count++;
        return true;
    }

    internal bool Remove(WorkerState ws)
    {
        if (!Contains(ws))
        {
            return false;
        }
        words[ws.Rank / 64] &= ~Bit(ws);
        Count--;
        return true;
    }

    /// <summary>The workers by address, as an array of their own.</summary>
    internal WorkerState[] ToArray()
    {
        var workers = new WorkerState[Count];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = this[i];
        }
        return workers;
    }

    /// <summary>Makes the set anew of its members, after ranks have changed.</summary>
    internal void Reset(IReadOnlyList<WorkerState> byRank, WorkerState[] members)
    {
        ranked = byRank;
        words = new ulong[(byRank.Count / 64) + 1];
        Count = 0;
        foreach (WorkerState ws in members)
        {
            Add(ws);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<WorkerState> GetEnumerator() => ((IEnumerable<WorkerState>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static ulong Bit(WorkerState ws) => 1UL << (ws.Rank % 64);
}
