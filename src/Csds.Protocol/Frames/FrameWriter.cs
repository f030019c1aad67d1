using System.Buffers;
using System.Buffers.Binary;

namespace Csds.Protocol;

/// <summary>Writes messages in Dask's TCP framing (rows W2, W3).</summary>
public static class FrameWriter
{
    /// <summary>
    /// Writes the prelude of a message whose frames follow. The full size goes into the first length, which every
    /// release accepts.
    /// </summary>
    /// <param name="output">Where to write.</param>
    /// <param name="first">Size of frame 0 in bytes.</param>
    /// <param name="others">The frames after frame 0.</param>
    public static void WritePrelude(IBufferWriter<byte> output, int first, IReadOnlyList<ReadOnlyMemory<byte>> others)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(others);
        int count = others.Count + 1;
        int size = (count + 2) * sizeof(ulong);
        Span<byte> span = output.GetSpan(size);
        ulong total = (ulong)((count + 1) * sizeof(ulong)) + (ulong)first;
        BinaryPrimitives.WriteUInt64LittleEndian(span[8..], (ulong)count);
        BinaryPrimitives.WriteUInt64LittleEndian(span[16..], (ulong)first);
        for (int i = 0; i < others.Count; i++)
        {
            ulong length = (ulong)others[i].Length;
            total += length;
            BinaryPrimitives.WriteUInt64LittleEndian(span[(24 + (i * 8))..], length);
        }
        BinaryPrimitives.WriteUInt64LittleEndian(span, total);
        output.Advance(size);
    }

    /// <summary>Writes a whole message.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlyMemory<byte> first, params IReadOnlyList<ReadOnlyMemory<byte>> others)
    {
        WritePrelude(output, first.Length, others);
        output.Write(first.Span);
        foreach (ReadOnlyMemory<byte> frame in others)
        {
            output.Write(frame.Span);
        }
    }
}
