namespace Csds.Server;

/// <summary>Counts what has been allocated since the garbage collector was there last.</summary>
internal sealed class AllocatedSince
{
    private long allocatedBefore = GC.GetTotalAllocatedBytes();
    private int collections = GC.CollectionCount(0);

    /// <summary>Bytes since the last collection; the first look after one answers 0.</summary>
    internal long Collection()
    {
        long allocated = GC.GetTotalAllocatedBytes();
        if (collections != GC.CollectionCount(0))
        {
            collections = GC.CollectionCount(0);
            allocatedBefore = allocated;
        }
        return allocated - allocatedBefore;
    }
}
