using Csds.Protocol;

namespace Csds.Server;

/// <summary>What a peer was asked has failed there: its answer <c>uncaught-error</c>, which whoever asked us gets as it is.</summary>
public sealed class PeerErrorException(Opaque answer) : Exception(Text(answer))
{
    /// <summary>Passes the answer on.</summary>
    public void Write(MessageBatch reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        MessageWriter w = reply.Single();
        w.Value(answer);
        w.End();
    }

    /// <summary>Whether an answer is an error: what Dask's <c>send_recv</c> raises.</summary>
    internal static bool IsError(Opaque answer) => Find(answer, "status") is { } status && IsText(status, "uncaught-error"u8);

    /// <summary>Dask's own pickle of the exception.</summary>
    internal byte[] Pickle() => Find(answer, "exception") switch
    {
        // The pickle travels as bytes, which Dask puts behind a header.
        { Frames.Length: > 1 } exception => [.. exception.Frames.Skip(1).SelectMany(frame => frame.ToArray())],
        _ => PickleWriter.Exception("builtins", "RuntimeError", Message),
    };

    private static string Text(Opaque answer) =>
        Find(answer, "exception_text") is { } text && !text.IsNil ? new MessageReader(text).ReadString() : "";

    private static Opaque? Find(Opaque answer, string name)
    {
        var reader = new MessageReader(answer);
        if (reader.NextType != Nerdbank.MessagePack.MessagePackType.Map)
        {
            return null;
        }
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            Key key = reader.ReadKey();
            if (key == Key.FromString(name))
            {
                return reader.ReadOpaque();
            }
            reader.Skip();
        }
        return null;
    }

    private static bool IsText(Opaque value, ReadOnlySpan<byte> text)
    {
        var reader = new MessageReader(value);
        return reader.NextType == Nerdbank.MessagePack.MessagePackType.String && reader.ReadUtf8().SequenceEqual(text);
    }
}
