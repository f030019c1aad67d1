using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// Takes memory from the system before the first graph does: a page that is touched for the first time costs the kernel as much as a
/// task costs us, and a graph of some thousand tasks would touch thousands of them.
/// </summary>
internal static class FreshPages
{
    /// <summary>Enough for a graph of ten thousand tasks; an idle server stays below 60 MB.</summary>
    private const int Bytes = 22 * 1024 * 1024;

    private const int PieceBytes = 64 * 1024;

    /// <summary>Touches what the heap will hand out next, and what a large message will lie in; takes some milliseconds.</summary>
    internal static void Touch()
    {
        GC.Collect(0); // What starting took can be had again.
        for (int touched = 0; touched < Bytes; touched += PieceBytes)
        {
            GC.KeepAlive(new byte[PieceBytes]);
        }
        GC.Collect(0); // The pages stay, for what is allocated next.
        SpareFrame.Touch();
    }
}
