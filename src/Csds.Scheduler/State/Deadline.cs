namespace Csds.Scheduler;

/// <summary>One thing that has to happen later.</summary>
internal sealed class Deadline(double due, long sequence, Action act) : IComparable<Deadline>
{
    /// <summary>When, in seconds since 1970.</summary>
    internal double Due { get; } = due;

    /// <summary>Number among all deadlines.</summary>
    internal long Sequence => sequence;

    /// <inheritdoc/>
    public int CompareTo(Deadline? other)
    {
        int byTime = Due.CompareTo(other!.Due);
        return byTime != 0 ? byTime : Sequence.CompareTo(other.Sequence);
    }

    internal void Act() => act();
}
