namespace Csds.Protocol;

/// <summary>Values that the peer unpickles on arrival (rows W14, W15).</summary>
public static class Pickled
{
    // {"serializer": "pickle", "num-sub-frames": 1}
    private static readonly byte[] serializedHeader =
        [0x82, 0xaa, .. "serializer"u8, 0xa6, .. "pickle"u8, 0xae, .. "num-sub-frames"u8, 0x01];

    /// <summary>A value <c>{"__Pickled__": 1}</c> with the frame that holds the pickle.</summary>
    public static Opaque Value(ReadOnlySpan<byte> pickle)
    {
        var header = new MessageBatch();
        MessageWriter w = header.Single();
        w.Map(3);
        w.Text("pickled-obj"u8);
        w.Bytes(pickle);
        w.Text("compression"u8);
        w.List(0);
        w.Field("num-sub-frames"u8, 0);
        w.End();
        byte[] token = [0x81, 0xab, .. "__Pickled__"u8, 0x01];
        return new Opaque(token, header.Seal().ToArray());
    }

    /// <summary>A value <c>{"__Serialized__": 1}</c>, as <c>to_serialize</c> makes it, with the frame that holds the pickle.</summary>
    public static Opaque Serialized(ReadOnlyMemory<byte> pickle) => new(Opaque.SerializedToken, serializedHeader, pickle);
}
