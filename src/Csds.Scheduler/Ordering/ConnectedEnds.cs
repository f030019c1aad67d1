namespace Csds.Scheduler.Ordering;

/// <summary>
/// Dask's <c>_connecting_to_roots</c>: which ends of the graph (roots, or leaves with the edges turned around) each
/// node is connected to. Ends themselves are connected to none.
/// </summary>
/// <remarks>
/// Dask keeps a set per node. Here ends are numbered in the order in which a depth-first walk meets them, so that
/// most sets are one run of numbers; sets are forgotten once their neighbours are done. Where a graph is so tangled
/// that this would still take too much time or memory (for Dask it would be gigabytes), nothing is known of it.
/// </remarks>
internal sealed class ConnectedEnds
{
    private const int MaxLiveRuns = 16 << 20;

    private readonly Rows toward;
    private readonly Rows away;
    private readonly int[] numbers;
    private readonly int[] ends;
    private readonly EndSet?[] sets;
    private readonly List<(int Start, int End)> runs = [];
    private long brokenRuns;

    private ConnectedEnds(Rows toward, Rows away)
    {
        this.toward = toward;
        this.away = away;
        numbers = new int[toward.Count];
        ends = Number();
        sets = new EndSet?[toward.Count];
        Counts = new int[toward.Count];
    }

    /// <summary>How many ends each node is connected to; 0 for all if that is not known.</summary>
    internal int[] Counts { get; }

    /// <summary>
    /// Finds the ends of <paramref name="toward"/>; <paramref name="order"/> has nodes behind those of their row. The
    /// sets of nodes at the other end of the graph are kept if <paramref name="keepFar"/> says so.
    /// </summary>
    internal static ConnectedEnds Find(
        Rows toward, Rows away, ReadOnlySpan<int> order, bool keepFar, int maxLiveRuns = MaxLiveRuns)
    {
        var connected = new ConnectedEnds(toward, away);
        if (!connected.TryFill(order, keepFar, maxLiveRuns))
        {
            Array.Clear(connected.sets);
            Array.Clear(connected.Counts);
        }
        foreach (int end in connected.ends)
        {
            connected.Counts[end] = 0;
        }
        return connected;
    }

    /// <summary>The ends by their number.</summary>
    internal ReadOnlySpan<int> Ends => ends;

    /// <summary>The number of an end.</summary>
    internal int NumberOf(int end) => numbers[end];

    /// <summary>
    /// Runs of the numbers of the ends that a node at the far side is connected to. The end of a run does not belong to
    /// it.
    /// </summary>
    internal ReadOnlySpan<(int Start, int End)> Runs(int node) =>
        toward.Length(node) > 0 && sets[node] is { } set ? set.Runs : [];

    /// <summary>
    /// Numbers the ends as they are met by walks from the nodes of the far side; gives the ends by number.
    /// </summary>
    private int[] Number()
    {
        const int NotMet = -1, Met = -2;
        Array.Fill(numbers, NotMet);
        var found = new List<int>();
        var stack = new Stack<int>();
        for (int far = 0; far < away.Count; far++)
        {
            if (away.Length(far) != 0)
            {
                continue;
            }
            stack.Push(far);
            while (stack.TryPop(out int node))
            {
                if (numbers[node] != NotMet)
                {
                    continue;
                }
                ReadOnlySpan<int> row = toward[node];
                numbers[node] = row.IsEmpty ? found.Count : Met;
                if (row.IsEmpty)
                {
                    found.Add(node);
                }
                for (int i = row.Length - 1; i >= 0; i--)
                {
                    if (numbers[row[i]] == NotMet)
                    {
                        stack.Push(row[i]);
                    }
                }
            }
        }
        return [.. found];
    }

    private bool TryFill(ReadOnlySpan<int> order, bool keepFar, int maxLiveRuns)
    {
        int[] waiting = new int[away.Count];
        long live = 0;
        foreach (int node in order)
        {
            ReadOnlySpan<int> row = toward[node];
            EndSet set = row.IsEmpty ? new EndSet(numbers[node]) : Union(row);
            live += set.Share();
            Counts[node] = set.Count;
            waiting[node] = away.Length(node);
            if (waiting[node] > 0 || (keepFar && !row.IsEmpty))
            {
                sets[node] = set;
            }
            else
            {
                live -= set.Release();
            }
            foreach (int done in row)
            {
                if (--waiting[done] == 0)
                {
                    live -= sets[done]!.Release();
                    sets[done] = null;
                }
            }
            if (live > maxLiveRuns || brokenRuns > 4L * maxLiveRuns)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>All ends of the nodes of a row: one of their own sets if that has all of them.</summary>
    private EndSet Union(ReadOnlySpan<int> row)
    {
        EndSet largest = sets[row[0]]!;
        bool same = true;
        foreach (int node in row[1..])
        {
            EndSet set = sets[node]!;
            same &= ReferenceEquals(set, largest);
            largest = set.Count > largest.Count ? set : largest;
        }
        if (same)
        {
            return largest;
        }
        runs.Clear();
        EndSet? last = null;
        foreach (int node in row)
        {
            if (!ReferenceEquals(sets[node], last))
            {
                last = sets[node]!;
                runs.AddRange(last.Runs);
            }
        }
        brokenRuns += runs.Count - row.Length;
        int count = Merge();
        return count == largest.Count ? largest : new EndSet([.. runs], count);
    }

    /// <summary>
    /// Sorts <see cref="runs"/> and joins those that touch; gives how many numbers there are in them.
    /// </summary>
    private int Merge()
    {
        runs.Sort();
        int kept = 0;
        int count = 0;
        for (int i = 0; i < runs.Count; i++)
        {
            (int start, int end) = runs[i];
            if (kept > 0 && start <= runs[kept - 1].End)
            {
                int before = runs[kept - 1].End;
                if (end > before)
                {
                    runs[kept - 1] = (runs[kept - 1].Start, end);
                    count += end - before;
                }
                continue;
            }
            runs[kept++] = (start, end);
            count += end - start;
        }
        runs.RemoveRange(kept, runs.Count - kept);
        return count;
    }
}
