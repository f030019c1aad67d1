namespace Csds.Scheduler;

/// <summary>
/// How much of a graph goes into the state in one go. The steps of an arrival are counted here instead of being handed out one
/// by one: a million tasks take some ten steps each.
/// </summary>
internal sealed class ArrivalPart
{
    private int left;

    /// <summary>Begins a part of so many steps.</summary>
    internal void Begin(int steps) => left = steps;

    /// <summary>Counts a step; true if it was the last one of the part, and everybody else has his turn.</summary>
    internal bool IsFull() => --left <= 0;
}

/// <summary>The end of a part.</summary>
internal readonly struct PartEnd;
