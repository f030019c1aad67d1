namespace Csds.Scheduler;

/// <summary>
/// Splits a worker's unmanaged memory into what has been there for long and what is recent (row S54): the old part is
/// the minimum over the last <c>worker.memory.recent-to-old-time</c>.
/// </summary>
public sealed class UnmanagedMemory
{
    // Times rise from front to back, and so do sizes: an entry is dropped when a later one is not larger, so the
    // front is the minimum.
    private readonly LinkedList<(double Time, long Bytes)> rising = new();

    /// <summary>Bytes that have been there throughout.</summary>
    public long Old => rising.First?.Value.Bytes ?? 0;

    internal void Measure(double now, long bytes, double recentToOldTime)
    {
        while (rising.Last is { } last && last.Value.Bytes >= bytes)
        {
            rising.RemoveLast();
        }
        rising.AddLast((now, bytes));
        while (rising.First is { } first && first.Value.Time < now - recentToOldTime)
        {
            rising.RemoveFirst();
        }
    }
}
