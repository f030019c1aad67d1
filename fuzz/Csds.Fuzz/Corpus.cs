using System.Buffers;
using Csds.Protocol;

namespace Csds.Fuzz;

/// <summary>Recordings of real connections as inputs of the targets.</summary>
public static class Corpus
{
    /// <summary>The inputs that a recording gives a target.</summary>
    public static IEnumerable<byte[]> From(string target, byte[] recording)
    {
        if (target == "frames")
        {
            return [[63, .. recording]];
        }
        IEnumerable<byte[]> tokens = Messages(recording);
        return target == "messages" ? tokens : tokens.Select((token, i) => (byte[])[(byte)i, .. token]);
    }

    // The msgpack frame of each message, the handshake left out.
    private static List<byte[]> Messages(byte[] recording)
    {
        var tokens = new List<byte[]>();
        var sequence = new ReadOnlySequence<byte>(recording);
        var reader = new FrameReader();
        while (reader.TryRead(ref sequence, out FrameGroup? message))
        {
            tokens.Add(message[0].ToArray());
            message.Dispose();
        }
        return tokens[1..];
    }
}
