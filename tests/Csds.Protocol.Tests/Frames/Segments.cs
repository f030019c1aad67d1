using System.Buffers;

namespace Csds.Protocol.Tests.Frames;

/// <summary>Bytes in pieces, as they come from a socket.</summary>
internal sealed class Segments : ReadOnlySequenceSegment<byte>
{
    private Segments(ReadOnlyMemory<byte> memory, long start)
    {
        Memory = memory;
        RunningIndex = start;
    }

    internal static ReadOnlySequence<byte> Of(params ReadOnlySpan<byte[]> pieces)
    {
        var first = new Segments(pieces[0], 0);
        Segments last = first;
        foreach (byte[] piece in pieces[1..])
        {
            var next = new Segments(piece, last.RunningIndex + last.Memory.Length);
            last.Next = next;
            last = next;
        }
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}
