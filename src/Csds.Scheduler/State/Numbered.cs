namespace Csds.Scheduler;

/// <summary>One of many: it has a number among its kind, by which sets and tables find it.</summary>
/// <param name="insertion">See <see cref="Insertion"/>.</param>
public abstract class Numbered(long insertion)
{
    /// <summary>Number among all of its kind that ever were: the last word in every tie.</summary>
    public long Insertion { get; } = insertion;

    /// <summary>
    /// What came one after the other lies side by side in a table, where the processor finds it without waiting for memory.
    /// The higher digits spread what comes in even steps.
    /// </summary>
    public sealed override int GetHashCode() => (int)(Insertion + (Insertion >> 8) + (Insertion >> 16));
}
