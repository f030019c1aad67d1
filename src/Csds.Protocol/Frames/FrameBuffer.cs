using System.Buffers;

namespace Csds.Protocol;

/// <summary>A growable byte buffer that keeps its memory between uses, for messages under construction.</summary>
/// <param name="capacity">Bytes that it has room for at first.</param>
public sealed class FrameBuffer(int capacity = FrameBuffer.SmallBytes) : IBufferWriter<byte>
{
    /// <summary>Room for an answer without much in it.</summary>
    public const int SmallBytes = 512;

    /// <summary>A buffer that grew beyond this for one large message is let go afterwards.</summary>
    private const int KeptBytes = 256 * 1024;

    private byte[] buffer = new byte[capacity];
    private int written;

    /// <summary>Number of bytes written.</summary>
    public int Length => written;

    /// <summary>What was written; valid until the next write or <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, written);

    /// <summary>What was written, for patching lengths that were not known before.</summary>
    public Span<byte> WrittenSpan => buffer.AsSpan(0, written);

    /// <inheritdoc/>
    public void Advance(int count) => written += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return buffer.AsMemory(written);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return buffer.AsSpan(written);
    }

    /// <summary>Forgets bytes behind <paramref name="length"/>.</summary>
    public void Truncate(int length) => written = Math.Min(written, length);

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        written = 0;
        if (buffer.Length > KeptBytes)
        {
            buffer = new byte[SmallBytes];
        }
    }

    private void Ensure(int sizeHint)
    {
        int needed = Math.Max(1, sizeHint);
        if (buffer.Length - written < needed)
        {
            long size = Math.Max(2L * buffer.Length, (long)written + needed);
            Array.Resize(ref buffer, (int)Math.Min(size, Array.MaxLength));
        }
    }
}
