using System.Buffers;

namespace Csds.Protocol;

/// <summary>
/// One Dask message as it lay on the wire: frame 0 is msgpack, the others are what its placeholders refer to
/// (rows W2, W13 to W15). The memory is valid until <see cref="Dispose"/>; whoever keeps a part for longer copies it.
/// </summary>
public sealed class FrameGroup : IDisposable
{
    private readonly ReadOnlyMemory<byte>[] frames;
    private readonly bool isPooled;
    private byte[]? rented;
    private IDisposable? native;

    /// <summary>Wraps frames that nobody reuses.</summary>
    public FrameGroup(params ReadOnlyMemory<byte>[] frames) => this.frames = frames;

    internal FrameGroup(ReadOnlyMemory<byte>[] frames, byte[] rented) : this(frames)
    {
        this.rented = rented;
        isPooled = true;
    }

    internal FrameGroup(ReadOnlyMemory<byte>[] frames, NativeFrame? native) : this(frames) => this.native = native;

    /// <summary>Number of frames, the msgpack frame included; may be 0 for a message without any content.</summary>
    public int Count => frames.Length;

    /// <summary>Bytes of all frames.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (ReadOnlyMemory<byte> frame in frames)
            {
                bytes += frame.Length;
            }
            return bytes;
        }
    }

    /// <summary>Frame <paramref name="index"/>.</summary>
    public ReadOnlyMemory<byte> this[int index] => frames[index];

    /// <summary>Some frames behind the first, which stay valid: copies, unless nobody else will use their memory.</summary>
    internal ReadOnlyMemory<byte>[] Keep(Range range)
    {
        ReadOnlyMemory<byte>[] kept = frames[range];
        if (isPooled)
        {
            for (int i = 0; i < kept.Length; i++)
            {
                kept[i] = kept[i].ToArray();
            }
        }
        return kept;
    }

    /// <summary>All frames, in wire order.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Frames => frames;

    /// <summary>Gives the memory back. The frames must not be touched afterwards.</summary>
    public void Dispose()
    {
        byte[]? buffer = Interlocked.Exchange(ref rented, null);
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        Interlocked.Exchange(ref native, null)?.Dispose();
    }
}
