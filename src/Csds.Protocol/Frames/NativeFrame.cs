using System.Buffers;
using System.Runtime.InteropServices;

namespace Csds.Protocol;

/// <summary>
/// Memory outside of the garbage collector's heap, which would keep it from the system long after its use: the msgpack of a
/// million tasks takes 650 MB. Only as much as <see cref="SpareFrame"/> is kept. It is freed by <see cref="FrameGroup.Dispose"/>
/// or, if its message does not become complete, by <see cref="FrameReader.Abandon"/>, and by nothing else. What lies in it may be
/// given up before, from the front (<see cref="GiveBack"/>).
/// </summary>
internal sealed unsafe partial class NativeFrame : MemoryManager<byte>
{
    /// <summary>What is given back at once: while the system takes memory back, no other thread gets any.</summary>
    private const int PieceBytes = 4 * 1024 * 1024;

    private const int DontNeed = 4;

    private byte* start;
    private int capacity;
    private int length;
    private nint givenBack;

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

    /// <summary>
    /// Gives what lies before <paramref name="end"/> back to the system, but for what the next message may need. It reads as zeros then,
    /// or as it was.
    /// </summary>
    internal void GiveBack(int end)
    {
        if (!OperatingSystem.IsLinux() || end - SpareFrame.Bytes < PieceBytes)
        {
            return;
        }
        nint page = Environment.SystemPageSize;
        nint to = ((nint)start + end) / page * page;
        nint from = givenBack != 0 ? givenBack : ((nint)start + SpareFrame.Bytes + page - 1) / page * page;
        for (; to - from >= PieceBytes; from += PieceBytes)
        {
            // It is advice: if it is not taken, the memory goes back in one piece, with the frame.
            _ = Advise(from, PieceBytes, DontNeed);
        }
        givenBack = from;
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
        GiveBack(capacity);
        if (capacity > SpareFrame.Bytes)
        {
            start = (byte*)NativeMemory.Realloc(start, SpareFrame.Bytes);
        }
        if (capacity < SpareFrame.Bytes || !SpareFrame.TryGive(start))
        {
            NativeMemory.Free(start);
        }
        start = null;
        capacity = length = 0;
        givenBack = 0;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nint length, int advice);
}
