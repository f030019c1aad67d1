using Csds.Protocol;
using Csds.Scheduler;
using Csds.Server;

namespace Csds.Fuzz;

/// <summary>Every message reader on one message, of which the input is the msgpack frame.</summary>
public static class MessageTarget
{
    private delegate void Reader(ref MessageReader reader);

    private static readonly Reader[] readers =
    [
        (ref MessageReader m) => TaskFinished.Read(ref m),
        (ref MessageReader m) => TaskErred.Read(ref m),
        (ref MessageReader m) => GraphUpdate.Read(ref m, "client"),
        (ref MessageReader m) => WorkerRegistration.Read(ref m),
        (ref MessageReader m) => UpdateData.Read(ref m),
        (ref MessageReader m) => GraphUpdate.Read(ref m, "client", new PackedGraph()),
        (ref MessageReader m) => m.ReadSequenceHeader(),
        (ref MessageReader m) => new PickleWriter().Value(ref m).ToArray(),
        ReadKey,
    ];

    /// <summary>Lets each reader read the message, with some frames behind it.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        using FrameGroup message = Frames.Behind(input);
        Try(() => Handshake.Read(message));
        foreach (Reader read in readers)
        {
            Try(() =>
            {
                var reader = new MessageReader(message);
                read(ref reader);
            });
        }
    }

    // What is a key has a text, a name and a place among others.
    private static void ReadKey(ref MessageReader reader)
    {
        Key key = reader.ReadKey();
        _ = key.ToString().Length + key.Repr().Length + key.GetHashCode();
        _ = KeySplit.Prefix(key.Token) + KeySplit.Prefix(key.Token, nested: false) + KeySplit.Group(key.Token);
        _ = KeyOrder.TryCompare(key.Token, key.Token, out int order);
        if (order != 0)
        {
            throw new InvalidDataException("a key differs from itself");
        }
        _ = new PickleWriter().Value(key).ToArray();
    }

    private static void Try(Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
        }
    }
}
