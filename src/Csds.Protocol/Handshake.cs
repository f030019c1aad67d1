namespace Csds.Protocol;

/// <summary>
/// The first message each way on every connection (rows W8 to W11). Both sides of csds write theirs at once and then
/// read, which every release of Dask accepts.
/// </summary>
/// <param name="PickleProtocol">Highest pickle protocol that the peer reads.</param>
public sealed record Handshake(int PickleProtocol)
{
    /// <summary>
    /// What csds announces: no compression, so that no peer compresses towards us, and pickle protocol 5.
    /// The Python version is informational.
    /// </summary>
    public static void Write(MessageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        MessageWriter writer = batch.Single();
        writer.Map(3);
        writer.Text("compression"u8);
        writer.Nil();
        writer.Text("python"u8);
        writer.List(3);
        writer.Int(3);
        writer.Int(10);
        writer.Int(0);
        writer.Field("pickle-protocol"u8, 5);
        writer.End();
    }

    /// <summary>Reads a peer's handshake.</summary>
    /// <exception cref="ProtocolException">It is no handshake, or lacks <c>pickle-protocol</c>.</exception>
    public static Handshake Read(FrameGroup frames)
    {
        var reader = new MessageReader(frames);
        int? pickleProtocol = null;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.ReadUtf8().SequenceEqual("pickle-protocol"u8))
            {
                pickleProtocol = reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }
        return new Handshake(pickleProtocol ?? throw new ProtocolException("a handshake lacks pickle-protocol"));
    }
}
