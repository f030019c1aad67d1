using System.Buffers;

namespace Csds.Protocol;

/// <summary>
/// A growable byte buffer for messages under construction. It keeps what it has room for at first between uses; larger memory is
/// borrowed, since few of many buffers need it at a time.
/// </summary>
public sealed class FrameBuffer : IBufferWriter<byte>
{
    /// <summary>Room for an answer without much in it.</summary>
    public const int SmallBytes = 512;

    /// <summary>Up to here a buffer grows fourfold: more is copied otherwise than is written. Memory that is borrowed can be generous.</summary>
    private const int GenerousBytes = 64 * 1024;

    /// <summary>Larger memory is not borrowed: who lends it would keep it from the system for long.</summary>
    private const int BorrowedBytes = 1024 * 1024;

    private readonly byte[] own;
    private byte[] buffer;
    private int written;

    /// <summary>Creates one with room for <paramref name="capacity"/> bytes at first.</summary>
    public FrameBuffer(int capacity = SmallBytes) => buffer = own = new byte[capacity];

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

    /// <summary>Empties the buffer. What was written belongs to somebody else then.</summary>
    public void Clear()
    {
        written = 0;
        Replace(own);
    }

    private void Ensure(int sizeHint)
    {
        int needed = Math.Max(1, sizeHint);
        if (buffer.Length - written < needed)
        {
            Grow(needed);
        }
    }

    private void Grow(int needed)
    {
        long factor = buffer.Length < GenerousBytes ? 4 : 2;
        int size = (int)Math.Min(Math.Max(factor * buffer.Length, (long)written + needed), Array.MaxLength);
        byte[] larger = size <= BorrowedBytes ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
        WrittenSpan.CopyTo(larger);
        Replace(larger);
    }

    private void Replace(byte[] other)
    {
        if (buffer != own && buffer.Length <= BorrowedBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        buffer = other;
    }
}
