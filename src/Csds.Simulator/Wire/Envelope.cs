using System.Buffers;
using Csds.Protocol;

namespace Csds.Simulator.Wire;

/// <summary>
/// Puts messages on the wire and takes them off, framing included: what goes between the core and a simulated peer is
/// bytes, so that everything that is simulated tests the codec as well.
/// </summary>
public static class Envelope
{
    /// <summary>One transfer of a stream: a list of messages.</summary>
    public static byte[] Pack(params ReadOnlySpan<Message> messages)
    {
        var batch = new MessageBatch();
        foreach (Message message in messages)
        {
            MessageWriter writer = batch.Add();
            ValueWriter.WriteDict(ref writer, message.Fields);
            writer.End();
        }
        return Frame(batch);
    }

    /// <summary>A single message that is no transfer of a stream: a request.</summary>
    public static byte[] PackOne(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var batch = new MessageBatch();
        MessageWriter writer = batch.Single();
        ValueWriter.WriteDict(ref writer, message.Fields);
        writer.End();
        return Frame(batch);
    }

    /// <summary>The bytes that a batch puts on the wire.</summary>
    public static byte[] Frame(MessageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var bytes = new FrameBuffer();
        FrameWriter.Write(bytes, batch.Seal(), batch.Frames);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Cuts a transfer out of its bytes.</summary>
    public static FrameGroup Cut(byte[] bytes)
    {
        var sequence = new ReadOnlySequence<byte>(bytes);
        var reader = new FrameReader();
        return reader.TryRead(ref sequence, out FrameGroup? group) && sequence.IsEmpty
            ? group
            : throw new ProtocolException("not one whole transfer");
    }

    /// <summary>Decodes one transfer of a stream.</summary>
    public static List<Message> Unpack(byte[] bytes) =>
        [.. UnpackValues(bytes).Select(value => new Message((PythonDict)value!))];

    /// <summary>Decodes one transfer whose items need not be messages: that of worker statuses.</summary>
    public static List<object?> UnpackValues(byte[] bytes)
    {
        using FrameGroup group = Cut(bytes);
        var reader = new MessageReader(group);
        var values = new List<object?>();
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
        {
            values.Add(ValueReader.Read(ref reader));
        }
        return values;
    }
}
