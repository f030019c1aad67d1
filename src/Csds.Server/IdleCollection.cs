namespace Csds.Server;

/// <summary>
/// Lets the garbage collector work while there is nothing to schedule: it need not stop everybody then when a graph comes in, and a
/// server with nothing to do stays small.
/// </summary>
internal sealed class IdleCollection
{
    /// <summary>Bytes allocated since the last collection that make one worth its while.</summary>
    private const long WorthWhile = 4 * 1024 * 1024;

    /// <summary>For so many looks in a row the scheduler has to be idle.</summary>
    private const int Patience = 5;

    private readonly AllocatedSince allocatedSince = new();
    private int idleLooks;

    /// <summary>To be called every 100 ms or so, in a turn of the reactor.</summary>
    /// <param name="isIdle">Whether there is neither a task to run nor a graph to come.</param>
    internal void Look(bool isIdle)
    {
        long allocated = allocatedSince.Collection();
        idleLooks = isIdle ? idleLooks + 1 : 0;
        if (idleLooks == Patience)
        {
            idleLooks = 0;
            if (allocated > WorthWhile)
            {
                // What is alive now is old: it is moved twice at once, instead of once more while a graph comes in. Older ones are
                // looked at in the background, when it is time.
                GC.Collect(1);
                GC.Collect(1);
            }
        }
    }
}
