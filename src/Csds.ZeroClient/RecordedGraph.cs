using System.Buffers;
using Csds.Protocol;

namespace Csds.ZeroClient;

/// <summary>
/// What a client sends to have a graph computed, as bytes of the wire: recorded from a real client
/// (<c>benchmarks/record.py</c>), or generated.
/// </summary>
internal sealed record RecordedGraph(byte[] Wire, HashSet<Key> Wanted)
{
    /// <summary>Reads recorded transfers.</summary>
    /// <exception cref="ProtocolException">The bytes are no transfers with graphs.</exception>
    public static RecordedGraph Read(byte[] wire)
    {
        var wanted = new HashSet<Key>(KeyComparer.Instance);
        var sequence = new ReadOnlySequence<byte>(wire);
        var transfers = new FrameReader();
        while (transfers.TryRead(ref sequence, out FrameGroup? frames))
        {
            using (frames)
            {
                var reader = new MessageReader(frames);
                int messages = reader.ReadArrayHeader();
                for (int i = 0; i < messages; i++)
                {
                    ReadWanted(ref reader, wanted);
                }
            }
        }
        return wanted.Count > 0 && sequence.IsEmpty
            ? new RecordedGraph(wire, wanted)
            : throw new ProtocolException("what was recorded is not complete");
    }

    private static void ReadWanted(ref MessageReader reader, HashSet<Key> wanted)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("keys"u8))
            {
                reader.Skip();
                continue;
            }
            int keys = reader.ReadSequenceHeader();
            for (int k = 0; k < keys; k++)
            {
                wanted.Add(reader.ReadKey());
            }
        }
    }
}
