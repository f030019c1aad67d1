using Csds.Protocol;

namespace Csds.Server;

/// <summary>One message from the helper: a header and frames. Valid while it is being handled.</summary>
internal readonly struct HelperAnswer
{
    private readonly FrameGroup message;

    internal HelperAnswer(FrameGroup message)
    {
        this.message = message;
        MessageReader reader = Header;
        Op = "";
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "op": Op = reader.ReadString(); break;
                case "id": Request = reader.ReadInt64(); break;
                default: reader.Skip(); break;
            }
        }
    }

    /// <summary>What kind of answer it is.</summary>
    internal string Op { get; }

    /// <summary>The request that it belongs to; 0 for none.</summary>
    internal long Request { get; }

    /// <summary>The header, a map, from its beginning.</summary>
    internal MessageReader Header => new(new FrameGroup(message[0]));

    /// <summary>Number of frames after the header.</summary>
    internal int FrameCount => message.Count - 1;

    /// <summary>A frame after the header; the first is number 1, as the header counts them.</summary>
    internal ReadOnlyMemory<byte> Frame(int number) => number > 0 && number < message.Count
        ? message[number]
        : throw new ProtocolException($"the helper's answer has no frame {number}");

    /// <summary>Copies frames into a value of its own: the first is its token.</summary>
    internal Opaque Value(int first, int count)
    {
        var frames = new ReadOnlyMemory<byte>[count - 1];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = Frame(first + 1 + i).ToArray();
        }
        return new Opaque(Frame(first).ToArray(), frames);
    }
}
