using Csds.Protocol;

namespace Csds.Server;

/// <summary>One request on a comm (rows W26 to W29): its fields, and the answer that is being written.</summary>
public sealed class RpcCall
{
    private readonly FrameGroup message;

    /// <summary>Reads the reserved fields of a request.</summary>
    /// <exception cref="ProtocolException">The message is no map, or has no <c>op</c>.</exception>
    public RpcCall(Connection comm, FrameGroup message)
    {
        Comm = comm;
        this.message = message;
        var reader = new MessageReader(message);
        if (reader.NextType != Nerdbank.MessagePack.MessagePackType.Map)
        {
            throw new ProtocolException($"Bad message type.  Expected dict, got {reader.NextType}");
        }
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("op"u8))
            {
                Op = reader.ReadString();
            }
            else if (name.SequenceEqual("reply"u8))
            {
                WantsReply = reader.ReadBoolean();
            }
            else if (name.SequenceEqual("close"u8) && reader.NextType == Nerdbank.MessagePack.MessagePackType.Boolean)
            {
                CloseAfterwards = reader.ReadBoolean();
            }
            else
            {
                reader.Skip();
            }
        }
        _ = Op ?? throw new ProtocolException("Received unexpected message without 'op' key");
    }

    /// <summary>The connection.</summary>
    public Connection Comm { get; }

    /// <summary>The operation.</summary>
    public string Op { get; }

    /// <summary>Whether the peer waits for an answer.</summary>
    public bool WantsReply { get; internal set; } = true;

    /// <summary>Whether the connection ends after the answer.</summary>
    public bool CloseAfterwards { get; internal set; }

    /// <summary>The answer. Untouched, it becomes None.</summary>
    public MessageBatch Reply { get; } = new();

    /// <summary>
    /// What serves the connection from now on, if the operation takes it over. The request is not answered then, and its
    /// memory is given back: nothing of the call may be kept.
    /// </summary>
    public Func<Task>? Takeover { get; set; }

    /// <summary>Sends the answer before the operation is over. Nothing may be added to it afterwards.</summary>
    public void AnswerNow()
    {
        if (WantsReply)
        {
            WantsReply = false;
            Comm.Send(Reply);
        }
    }

    /// <summary>A reader at the request's map.</summary>
    public MessageReader Read() => new(message);

    /// <summary>The whole request as a value of its own.</summary>
    public Opaque ToOpaque()
    {
        MessageReader reader = Read();
        return reader.ReadOpaque();
    }
}
