namespace Csds.Protocol;

/// <summary>Values that the peer unpickles on arrival (row W15).</summary>
public static class Pickled
{
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
}
