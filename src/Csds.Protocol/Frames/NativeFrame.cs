using System.Buffers;
using System.Runtime.InteropServices;

namespace Csds.Protocol;

/// <summary>
/// Memory outside of the garbage collector's heap, which would keep it from the system long after its use: the msgpack of a
/// million tasks takes 650 MB. Only as much as <see cref="SpareFrame"/> is kept. It is freed by <see cref="FrameGroup.Dispose"/>
/// or, if its message does not become complete, by <see cref="FrameReader.Abandon"/>, and by nothing else.
/// </summary>
internal sealed unsafe partial class NativeFrame : MemoryManager<byte>
{
    /// <summary>What is given back at once: while the system takes memory back, no other thread gets any.</summary>
    private const int PieceBytes = 4 * 1024 * 1024;

    private const int DontNeed = 4;

    private byte* start;
    private int capacity;
    private int length;

    /// <summary>Makes it larger; what is in it stays. Memory handed out before must not be used any more.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    internal void Resize(int bytes)
    {
        if (start is null && bytes <= SpareFrame.Bytes)
        {
            start = SpareFrame.TryTake();
            capacity = start is null ? 0 : SpareFrame.Bytes;
        }
        if (bytes > capacity)
        {
            start = (byte*)NativeMemory.Realloc(start, (nuint)bytes);
            capacity = bytes;
        }
        length = bytes;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        return new Span<byte>(start, length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length, nameof(elementIndex));
        ObjectDisposedException.ThrowIf(start is null, this);
        return new MemoryHandle(start + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        int kept = capacity >= SpareFrame.Bytes ? SpareFrame.Bytes : 0;
        if (OperatingSystem.IsLinux())
        {
            GiveBackInPieces(kept);
        }
        if (kept > 0 && capacity > kept)
        {
            start = (byte*)NativeMemory.Realloc(start, (nuint)kept);
        }
        if (kept == 0 || !SpareFrame.TryGive(start))
        {
            NativeMemory.Free(start);
        }
        start = null;
        capacity = length = 0;
    }

    private void GiveBackInPieces(int kept)
    {
        nint page = Environment.SystemPageSize;
        nint end = ((nint)start + capacity) / page * page;
        for (nint at = ((nint)start + kept + page - 1) / page * page; at < end; at += PieceBytes)
        {
            // It is advice: if it is not taken, the memory goes back in one piece.
            _ = Advise(at, Math.Min(PieceBytes, end - at), DontNeed);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nint length, int advice);
}
