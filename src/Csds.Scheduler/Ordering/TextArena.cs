using System.Buffers;

namespace Csds.Scheduler.Ordering;

/// <summary>Holds many short texts in few arrays, so that a million of them cost the collector nothing.</summary>
internal sealed class TextArena : IBufferWriter<byte>
{
    private const int ChunkBytes = 64 * 1024;

    private Memory<byte> free;
    private int written;

    public void Advance(int count) => written += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (free.Length - written < Math.Max(1, sizeHint))
        {
            Memory<byte> larger = new byte[Math.Max(ChunkBytes, 2 * (written + sizeHint))];
            free[..written].CopyTo(larger);
            free = larger;
        }
        return free[written..];
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Ends the text that was being written and gives it.</summary>
    internal ReadOnlyMemory<byte> Take()
    {
        ReadOnlyMemory<byte> text = free[..written];
        free = free[written..];
        written = 0;
        return text;
    }
}
