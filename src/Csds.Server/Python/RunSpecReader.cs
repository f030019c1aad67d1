using System.Buffers.Binary;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Cuts a chunk of run specs apart. What is pickled gets the sub-header that workers expect around it
/// (row W15): <c>{"pickled-obj": pickle, "compression": [], "num-sub-frames": 0}</c>.
/// </summary>
/// <param name="pickled">Whether the first frame of a run spec is a pickle; otherwise it is a map of fields.</param>
/// <param name="sizes">Size of the first frame of each run spec.</param>
/// <param name="data">The frames, one behind the other.</param>
/// <param name="extra">
/// For each run spec with more frames: its number, the number of further frames, and for each of those its size, or
/// with the highest bit set the number of a shared frame.
/// </param>
/// <param name="shared">Frames that several run specs refer to.</param>
internal ref struct RunSpecReader(
    bool pickled,
    ReadOnlySpan<uint> sizes,
    ReadOnlySpan<byte> data,
    ReadOnlySpan<uint> extra,
    List<ReadOnlyMemory<byte>> shared)
{
    private const uint Shared = 1u << 31;

    // {"pickled-obj": <bin 32>
    private static readonly byte[] before = [0x83, 0xab, .. "pickled-obj"u8, 0xc6];

    // "compression": [], "num-sub-frames": 0}
    private static readonly byte[] behind = [0xab, .. "compression"u8, 0x90, 0xae, .. "num-sub-frames"u8, 0x00];

    // {"__Pickled__": 1}
    private static readonly byte[] placeholder = [0x81, 0xab, .. "__Pickled__"u8, 0x01];

    private readonly ReadOnlySpan<uint> sizes = sizes;
    private readonly List<ReadOnlyMemory<byte>> shared = shared;
    private ReadOnlySpan<byte> data = data;
    private ReadOnlySpan<uint> extra = extra;

    /// <summary>Reads all of them.</summary>
    /// <exception cref="ProtocolException">The chunk is broken.</exception>
    internal void Read(Span<RunSpec> target)
    {
        byte[] chunk = GC.AllocateUninitializedArray<byte>(ChunkSize());
        var split = new SplitRunSpecs();
        int offset = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            int start = offset;
            offset = Copy(chunk, offset, Take(sizes[i]));
            if (!extra.IsEmpty && extra[0] == i)
            {
                target[i] = WithFrames(chunk.AsMemory(start, offset - start), ReadExtra());
            }
            else
            {
                target[i] = pickled ? RunSpec.FromPickle(chunk, start, offset - start) : ReadFields(chunk.AsMemory(start, offset - start), split);
            }
        }
        split.Complete();
        if (!data.IsEmpty || !extra.IsEmpty)
        {
            throw Broken();
        }
    }

    private static RunSpec ReadFields(ReadOnlyMemory<byte> fields, SplitRunSpecs split)
    {
        var reader = new MessageReader(fields);
        return split.TryReadCall(ref reader) ?? RunSpec.FromFields(new Opaque(fields));
    }

    private readonly int ChunkSize()
    {
        long size = pickled ? (long)sizes.Length * (before.Length + sizeof(uint) + behind.Length) : 0;
        foreach (uint frame in sizes)
        {
            size += frame;
        }
        return size <= Array.MaxLength ? (int)size : throw Broken();
    }

    private readonly int Copy(byte[] chunk, int offset, ReadOnlySpan<byte> frame)
    {
        Span<byte> target = chunk.AsSpan(offset);
        if (!pickled)
        {
            frame.CopyTo(target);
            return offset + frame.Length;
        }
        before.CopyTo(target);
        BinaryPrimitives.WriteUInt32BigEndian(target[before.Length..], (uint)frame.Length);
        int start = before.Length + sizeof(uint);
        frame.CopyTo(target[start..]);
        behind.CopyTo(target[(start + frame.Length)..]);
        return offset + start + frame.Length + behind.Length;
    }

    private ReadOnlyMemory<byte>[] ReadExtra()
    {
        if (extra.Length < 2 || extra[1] > extra.Length - 2)
        {
            throw Broken();
        }
        var frames = new ReadOnlyMemory<byte>[extra[1]];
        for (int i = 0; i < frames.Length; i++)
        {
            uint entry = extra[2 + i];
            if ((entry & Shared) == 0)
            {
                frames[i] = Take(entry).ToArray();
                continue;
            }
            int number = (int)(entry & ~Shared);
            frames[i] = number < shared.Count ? shared[number] : throw Broken();
        }
        extra = extra[(2 + frames.Length)..];
        return frames;
    }

    // A pickle with buffers beside it is not in the common form: it is kept as the value of the field run_spec.
    private readonly RunSpec WithFrames(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte>[] frames)
    {
        if (!pickled)
        {
            return RunSpec.FromFields(new Opaque(first, frames));
        }
        ReadOnlySpan<byte> common = first.Span[..^behind.Length];
        byte[] header = [.. common, .. BehindWith(frames.Length)];
        return RunSpec.FromFields(new Opaque(placeholder, [header, .. frames]));
    }

    private static byte[] BehindWith(int frames)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Text("compression"u8);
        w.List(frames);
        for (int i = 0; i < frames; i++)
        {
            w.Nil();
        }
        w.Text("num-sub-frames"u8);
        w.Int(frames);
        w.End();
        return batch.Seal().ToArray();
    }

    private ReadOnlySpan<byte> Take(uint size)
    {
        if (size > data.Length)
        {
            throw Broken();
        }
        ReadOnlySpan<byte> frame = data[..(int)size];
        data = data[(int)size..];
        return frame;
    }

    private static ProtocolException Broken() => new("the helper's answer has a broken chunk of tasks");
}
