using System.Collections;
using System.Numerics;

namespace Csds.Scheduler;

/// <summary>
/// A set of workers that can be asked for its k-th by address: Dask's <c>SortedDict</c> of idle workers. A bit per
/// rank; finding the k-th counts the bits of whole words, 157 of them for 10,000 workers, and a rank that comes or goes
/// shifts as many.
/// </summary>
public sealed class RankedWorkerSet : IReadOnlyList<WorkerState>
{
    private readonly IReadOnlyList<WorkerState> ranked;
    private ulong[] words = new ulong[1];

    /// <summary>An empty set.</summary>
    /// <param name="ranked">All workers by rank.</param>
    internal RankedWorkerSet(IReadOnlyList<WorkerState> ranked) => this.ranked = ranked;

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
        return ws.Rank < ranked.Count && (words[ws.Rank / 64] & Bit(ws.Rank)) != 0 && ReferenceEquals(ranked[ws.Rank], ws);
    }

    internal bool Add(WorkerState ws)
    {
        if (Contains(ws))
        {
            return false;
        }
        words[ws.Rank / 64] |= Bit(ws.Rank);
        Count++;
        return true;
    }

    internal bool Remove(WorkerState ws)
    {
        if (!Contains(ws))
        {
            return false;
        }
        words[ws.Rank / 64] &= ~Bit(ws.Rank);
        Count--;
        return true;
    }

    /// <summary>A worker that is not in the set has been given this rank: those from there on have moved up by one.</summary>
    internal void InsertRank(int rank)
    {
        if (ranked.Count > words.Length * 64)
        {
            Array.Resize(ref words, 2 * words.Length);
        }
        int word = rank / 64;
        ulong below = Bit(rank) - 1;
        ulong carry = words[word] >> 63;
        words[word] = (words[word] & below) | ((words[word] & ~below) << 1);
        for (int i = word + 1; i < words.Length; i++)
        {
            (words[i], carry) = ((words[i] << 1) | carry, words[i] >> 63);
        }
    }

    /// <summary>The worker of this rank is gone, and was not in the set: those behind it have moved down by one.</summary>
    internal void RemoveRank(int rank)
    {
        int word = rank / 64;
        ulong below = Bit(rank) - 1;
        words[word] = (words[word] & below) | ((words[word] >> 1) & ~below);
        for (int i = word + 1; i < words.Length; i++)
        {
            words[i - 1] |= words[i] << 63;
            words[i] >>= 1;
        }
    }

    /// <summary>The workers by address. None may join or leave meanwhile.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<WorkerState> IEnumerable<WorkerState>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static ulong Bit(int rank) => 1UL << (rank % 64);

    /// <summary>Goes from bit to bit.</summary>
    public struct Enumerator : IEnumerator<WorkerState>
    {
        private readonly RankedWorkerSet set;
        private ulong rest;
        private int word;

        internal Enumerator(RankedWorkerSet set)
        {
            this.set = set;
            rest = set.words[0];
            Current = null!;
        }

        /// <inheritdoc/>
        public WorkerState Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            while (rest == 0)
            {
                if (++word >= set.words.Length)
                {
                    return false;
                }
                rest = set.words[word];
            }
            Current = set.ranked[(word * 64) + BitOperations.TrailingZeroCount(rest)];
            rest &= rest - 1;
            return true;
        }

        /// <inheritdoc/>
        public void Reset() => this = new Enumerator(set);

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
