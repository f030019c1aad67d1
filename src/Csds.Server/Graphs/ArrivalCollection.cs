namespace Csds.Server;

/// <summary>
/// Lets the garbage collector work between two parts of a large graph's arrival: a little each time, and outside of the reactor's
/// turns. By itself it comes when there is room no more, in the midst of a turn, and looks at three times as much.
/// </summary>
/// <remarks>
/// Nearly all that arrives stays. The collections cost no more together than those which they spare. Small graphs come in without any.
/// </remarks>
/// <param name="tasks">Number of tasks of the graph.</param>
internal sealed class ArrivalCollection(int tasks)
{
    /// <summary>Tasks of a graph that comes in with more than a few collections.</summary>
    private const int LargeGraph = 256 * 1024;

    /// <summary>Bytes allocated between two collections: some ten milliseconds.</summary>
    private const long Portion = 16 * 1024 * 1024;

    private readonly bool isWorthwhile = tasks >= LargeGraph;
    private readonly AllocatedSince allocatedSince = new();

    /// <summary>To be called behind each part.</summary>
    internal void Look()
    {
        if (isWorthwhile && allocatedSince.Collection() >= Portion)
        {
            GC.Collect(1);
        }
    }

    /// <summary>
    /// To be called behind the last part. What has come in is old then; the first collection while tasks run would have to move it else.
    /// </summary>
    internal void End()
    {
        if (isWorthwhile)
        {
            GC.Collect(1);
            GC.Collect(1);
        }
    }
}
