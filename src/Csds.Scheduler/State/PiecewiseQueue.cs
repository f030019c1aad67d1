using System.Collections;

namespace Csds.Scheduler;

/// <summary>
/// A long queue in pieces of equal length. One that doubles its array copies everything each time, and its arrays are large
/// objects, a few of which make the garbage collector look at all that there is.
/// </summary>
internal sealed class PiecewiseQueue<T> : IEnumerable<T>
{
    private const int PieceLength = 512;

    // All but the first and the last are full.
    private readonly Queue<T[]> pieces = new();
    private T[] last = [];
    private int end;
    private int start;

    // The piece that became empty last: a queue of constant length needs no other.
    private T[]? spare;

    internal int Count { get; private set; }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        int skipped = start;
        int left = Count;
        foreach (T[] piece in pieces)
        {
            for (int i = skipped; i < PieceLength && left > 0; i++, left--)
            {
                yield return piece[i];
            }
            skipped = 0;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Enqueue(T item)
    {
        if (end == last.Length)
        {
            last = spare ?? new T[PieceLength];
            spare = null;
            end = 0;
            pieces.Enqueue(last);
        }
        last[end++] = item;
        Count++;
    }

    /// <summary>The oldest item; there has to be one.</summary>
    internal T Peek() => pieces.Peek()[start];

    /// <summary>Takes the oldest item; there has to be one.</summary>
    internal T Dequeue()
    {
        T[] first = pieces.Peek();
        T item = first[start];
        first[start++] = default!;
        Count--;
        if (start == PieceLength)
        {
            spare = pieces.Dequeue();
            start = 0;
        }
        return item;
    }
}
