using System.Buffers;
using Csds.Protocol;

namespace Csds.Fuzz;

/// <summary>Recordings of real connections as inputs of the targets.</summary>
public static class Corpus
{
    /// <summary>The inputs of a target: those made up for it, and what recordings give it.</summary>
    public static byte[][] For(string target, IEnumerable<string> recordings) =>
    [
        .. target == "layers" ? LayerTarget.Seeds() : [],
        .. recordings.SelectMany(path => From(target, File.ReadAllBytes(path))),
    ];

    private static IEnumerable<byte[]> From(string target, byte[] recording)
    {
        if (target == "frames")
        {
            return [[63, .. recording]];
        }
        IEnumerable<byte[]> tokens = Messages(recording);
        return target is "messages" or "layers" ? tokens : tokens.Select((token, i) => (byte[])[(byte)i, .. token]);
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
