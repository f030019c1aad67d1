namespace Csds.Scheduler.Ordering;

/// <summary>
/// A set of ends as ascending runs of their numbers; one object serves all nodes that have the same set.
/// </summary>
internal sealed class EndSet
{
    private readonly (int Start, int End)[]? runs;
    private readonly (int Start, int End) only;
    private int users;

    internal EndSet(int number)
    {
        only = (number, number + 1);
        Count = 1;
    }

    internal EndSet((int Start, int End)[] runs, int count)
    {
        if (runs.Length == 1)
        {
            only = runs[0];
        }
        else
        {
            this.runs = runs;
        }
        Count = count;
    }

    /// <summary>Number of ends.</summary>
    internal int Count { get; }

    /// <summary>The runs; the end of a run does not belong to it.</summary>
    internal ReadOnlySpan<(int Start, int End)> Runs => runs ?? new ReadOnlySpan<(int Start, int End)>(in only);

    /// <summary>Counts one more node that has this set; tells how many runs are now held in addition.</summary>
    internal int Share() => users++ == 0 ? Runs.Length : 0;

    /// <summary>Counts one node less; tells how many runs are held no longer.</summary>
    internal int Release() => --users == 0 ? Runs.Length : 0;
}
