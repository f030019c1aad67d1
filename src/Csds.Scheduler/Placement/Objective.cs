namespace Csds.Scheduler;

/// <summary>How good a worker is for a task: compared from left to right, smaller is better.</summary>
/// <param name="Actors">Actors on the worker, for an actor; else 0.</param>
/// <param name="StartTime">Seconds until the task could start.</param>
/// <param name="NBytes">Bytes that the worker holds.</param>
/// <param name="Rank">Place by address: the last word, so that equal inputs give equal decisions.</param>
public readonly record struct Objective(int Actors, double StartTime, long NBytes, int Rank) : IComparable<Objective>
{
    /// <inheritdoc/>
    public int CompareTo(Objective other)
    {
        int result = Actors.CompareTo(other.Actors);
        if (result == 0)
        {
            result = StartTime.CompareTo(other.StartTime);
        }
        if (result == 0)
        {
            result = NBytes.CompareTo(other.NBytes);
        }
        return result != 0 ? result : Rank.CompareTo(other.Rank);
    }

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(Objective left, Objective right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(Objective left, Objective right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(Objective left, Objective right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(Objective left, Objective right) => left.CompareTo(right) >= 0;
}
