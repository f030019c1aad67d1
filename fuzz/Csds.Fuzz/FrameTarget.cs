using System.Buffers;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>
/// The frame reader on a stream that arrives in pieces, whose size the first byte gives; what comes out is carried on, as a
/// whole, and must arrive unchanged.
/// </summary>
public static class FrameTarget
{
    /// <summary>Reads the stream to its end.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }
        int piece = 1 + input[0];
        byte[] stream = input[1..].ToArray();
        var reader = new FrameReader();
        int start = 0;
        try
        {
            for (int end = Math.Min(piece, stream.Length); start < stream.Length; end = Math.Min(end + piece, stream.Length))
            {
                var sequence = new ReadOnlySequence<byte>(stream, start, end - start);
                while (reader.TryRead(ref sequence, out FrameGroup? message))
                {
                    using (message)
                    {
                        CarryOn(message);
                    }
                }
                start = end - (int)sequence.Length;
                if (end == stream.Length)
                {
                    return; // The message that would come next is not whole.
                }
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
        }
    }

    private static void CarryOn(FrameGroup message)
    {
        Opaque value = new MessageReader(message).ReadOpaque();
        Opaque again = Carried(value);
        // The first time, headers may become shorter where no frames had to be found before.
        if (value.Frames.Length > 0)
        {
            AssertSame(value, again);
        }
        AssertSame(again, Carried(again));
    }

    private static void AssertSame(Opaque one, Opaque other)
    {
        bool same = one.Token.Span.SequenceEqual(other.Token.Span) && one.Frames.Length == other.Frames.Length
            && one.Frames.Zip(other.Frames).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));
        if (!same)
        {
            throw new InvalidDataException("a carried value has changed");
        }
    }

    // The value as it arrives behind another one.
    private static Opaque Carried(Opaque value)
    {
        var batch = new MessageBatch();
        MessageWriter before = batch.Add();
        before.Value(Payload.Serialized("before"u8.ToArray()));
        before.End();
        MessageWriter writer = batch.Add();
        writer.Value(value);
        writer.End();
        using FrameGroup received = Envelope.Cut(Envelope.Frame(batch));
        var reader = new MessageReader(received);
        if (reader.ReadArrayHeader() != 2)
        {
            throw new InvalidDataException("not two values");
        }
        reader.Skip();
        Opaque again = reader.ReadOpaque();
        return reader.End ? again : throw new InvalidDataException("something lies behind the last value");
    }
}
