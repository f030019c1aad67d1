using Csds.Protocol;

namespace Csds.Simulator.Wire;

/// <summary>Values that peers pickle (rows W14, W15), with any bytes in the pickle's place.</summary>
public static class Payload
{
    /// <summary>What a <c>__Pickled__</c> placeholder refers to: sub-header and pickle in one frame.</summary>
    public static byte[] PickledFrame(ReadOnlySpan<byte> pickle)
    {
        var batch = new MessageBatch();
        MessageWriter header = batch.Single();
        header.Map(2);
        header.Text("pickled-obj"u8);
        header.Bytes(pickle);
        header.Field("num-sub-frames"u8, 0);
        header.End();
        return batch.Seal().ToArray();
    }

    /// <summary><c>{"__Serialized__": 1}</c>, the sub-header in frame 1 and the pickle in the frames behind it.</summary>
    public static Opaque Serialized(params ReadOnlyMemory<byte>[] pickle)
    {
        ArgumentNullException.ThrowIfNull(pickle);
        var batch = new MessageBatch();
        MessageWriter header = batch.Single();
        header.Map(2);
        header.Field("serializer"u8, "pickle");
        header.Field("num-sub-frames"u8, pickle.Length);
        header.End();
        byte[] placeholder = [0x81, 0xae, .. "__Serialized__"u8, 1];
        return new Opaque(placeholder, [batch.Seal().ToArray(), .. pickle]);
    }
}
