using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Csds.Protocol;

/// <summary>
/// Cuts a byte stream into messages, whatever the boundaries at which bytes arrive (rows W2, W3). The first length of
/// the prelude is ignored, since releases from 2023.11 announce less than the message there; the frames' own lengths
/// are what counts.
/// </summary>
public sealed class FrameReader(FrameLimits limits)
{
    /// <summary>Up to this size a message lies in one pooled buffer; beyond it every frame has an array of its own.</summary>
    private const int PooledMessageBytes = 256 * 1024;

    /// <summary>First allocation for a large frame; it grows as bytes really arrive.</summary>
    private const int FirstAllocation = 1024 * 1024;

    /// <summary>By so much. Doubling would copy nearly all of the frame once more, and leave as much behind.</summary>
    private const long Growth = 16;

    /// <summary>
    /// From this size a message's msgpack is a <see cref="NativeFrame"/>. A few large objects make the garbage collector look at all
    /// that there is.
    /// </summary>
    private const int NativeFrameBytes = FirstAllocation;

    /// <summary>More are forgotten with their message.</summary>
    private const int KeptLengths = 1024;

    private const int FixedPrelude = 16;

    private long[] lengths = new long[8];
    private bool isStarted;
    private int lengthsRead;
    private int frameCount;

    private byte[]? pooled;
    private int pooledFilled;
    private int pooledSize;

    private ReadOnlyMemory<byte>[]? large;
    private int currentFrame;
    private int currentFilled;

    /// <summary>Creates a reader with <see cref="FrameLimits.Default"/>.</summary>
    public FrameReader() : this(FrameLimits.Default)
    {
    }

    /// <summary>True between messages: the stream may end here without anything being lost.</summary>
    public bool IsAtBoundary => !isStarted;

    /// <summary>
    /// Takes what it can from the front of <paramref name="buffer"/> and answers whether a message became complete.
    /// Bytes that are left must be presented again, with more behind them.
    /// </summary>
    /// <exception cref="ProtocolException">The prelude announces an impossible message.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, [NotNullWhen(true)] out FrameGroup? group)
    {
        group = null;
        if (!isStarted && !TryStart(ref buffer))
        {
            return false;
        }
        if (lengthsRead < frameCount && !TryReadLengths(ref buffer))
        {
            return false;
        }
        bool complete = large is null ? FillPooled(ref buffer) : FillLarge(ref buffer);
        if (!complete)
        {
            return false;
        }
        group = large is null ? CutPooled() : new FrameGroup(large, Native);
        Reset();
        return true;
    }

    /// <summary>Gives back the memory of a message that will not become complete.</summary>
    public void Abandon()
    {
        (Native as IDisposable)?.Dispose();
        Reset();
    }

    private bool TryStart(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < FixedPrelude)
        {
            return false;
        }
        Span<byte> prelude = stackalloc byte[FixedPrelude];
        buffer.Slice(0, FixedPrelude).CopyTo(prelude);
        buffer = buffer.Slice(FixedPrelude);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(prelude[8..]);
        if (count > (ulong)limits.MaxFrames)
        {
            throw new ProtocolException($"a message announces {count} frames, more than {limits.MaxFrames}");
        }
        frameCount = (int)count;
        isStarted = true;
        if (frameCount == 0)
        {
            Prepare();
        }
        return true;
    }

    private bool TryReadLengths(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> scratch = stackalloc byte[sizeof(ulong)];
        while (lengthsRead < frameCount)
        {
            if (buffer.Length < sizeof(ulong))
            {
                return false;
            }
            buffer.Slice(0, sizeof(ulong)).CopyTo(scratch);
            buffer = buffer.Slice(sizeof(ulong));
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(scratch);
            if (length > (ulong)Array.MaxLength)
            {
                throw new ProtocolException($"a message announces a frame of {length} bytes");
            }
            if (lengthsRead == lengths.Length)
            {
                Array.Resize(ref lengths, (int)Math.Min(frameCount, 2L * lengths.Length));
            }
            lengths[lengthsRead++] = (long)length;
        }
        Prepare();
        return true;
    }

    private void Prepare()
    {
        long total = 0;
        for (int i = 0; i < frameCount; i++)
        {
            total += lengths[i];
        }
        if (total > limits.MaxBytes)
        {
            throw new ProtocolException($"a message announces {total} bytes, more than {limits.MaxBytes}");
        }
        if (total <= PooledMessageBytes)
        {
            pooledSize = (int)total;
            pooled = ArrayPool<byte>.Shared.Rent(Math.Max(1, pooledSize));
        }
        else
        {
            large = new ReadOnlyMemory<byte>[frameCount];
        }
    }

    private bool FillPooled(ref ReadOnlySequence<byte> buffer)
    {
        int take = (int)Math.Min(buffer.Length, pooledSize - pooledFilled);
        buffer.Slice(0, take).CopyTo(pooled.AsSpan(pooledFilled));
        buffer = buffer.Slice(take);
        pooledFilled += take;
        return pooledFilled == pooledSize;
    }

    private bool FillLarge(ref ReadOnlySequence<byte> buffer)
    {
        while (currentFrame < frameCount)
        {
            int length = (int)lengths[currentFrame];
            while (currentFilled < length)
            {
                if (buffer.IsEmpty)
                {
                    return false;
                }
                if (currentFilled == large![currentFrame].Length)
                {
                    large[currentFrame] = Grow(large[currentFrame], length);
                }
                Span<byte> free = MemoryMarshal.AsMemory(large[currentFrame]).Span[currentFilled..];
                int take = (int)Math.Min(buffer.Length, free.Length);
                buffer.Slice(0, take).CopyTo(free);
                buffer = buffer.Slice(take);
                currentFilled += take;
            }
            currentFrame++;
            currentFilled = 0;
        }
        return true;
    }

    private NativeFrame? Native =>
        large is [var first, ..] && MemoryMarshal.TryGetMemoryManager<byte, NativeFrame>(first, out NativeFrame? frame) ? frame : null;

    private Memory<byte> Grow(ReadOnlyMemory<byte> frame, int length)
    {
        int size = (int)Math.Min(length, Math.Max(FirstAllocation, Growth * frame.Length));
        if (currentFrame > 0 || length < NativeFrameBytes)
        {
            Memory<byte> larger = GC.AllocateUninitializedArray<byte>(size);
            frame.CopyTo(larger);
            return larger;
        }
        NativeFrame native = Native ?? new NativeFrame();
        native.Resize(size);
        return native.Memory;
    }

    private FrameGroup CutPooled()
    {
        var frames = new ReadOnlyMemory<byte>[frameCount];
        int offset = 0;
        for (int i = 0; i < frameCount; i++)
        {
            int length = (int)lengths[i];
            frames[i] = pooled.AsMemory(offset, length);
            offset += length;
        }
        return new FrameGroup(frames, pooled!);
    }

    private void Reset()
    {
        isStarted = false;
        if (lengths.Length > KeptLengths)
        {
            lengths = new long[8];
        }
        pooled = null;
        large = null;
        lengthsRead = frameCount = pooledFilled = pooledSize = currentFrame = currentFilled = 0;
    }
}
