using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>The fields, of any message on a worker's stream, that matter here.</summary>
internal ref struct StreamMessage
{
    /// <summary>What is asked for.</summary>
    public ReadOnlySpan<byte> Op { get; private set; }

    /// <summary>The key, as a token.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>A list of keys, as a token.</summary>
    public ReadOnlyMemory<byte> Keys { get; private set; }

    /// <summary>The run of a task.</summary>
    public long RunId { get; private set; }

    /// <summary>The priority, as a token.</summary>
    public ReadOnlyMemory<byte> Priority { get; private set; }

    /// <summary>The holders of each key, as a token.</summary>
    public ReadOnlyMemory<byte> WhoHas { get; private set; }

    /// <summary>The stimulus, as a token.</summary>
    public ReadOnlySpan<byte> StimulusId { get; private set; }

    /// <summary>Reads a message from its map on.</summary>
    public static StreamMessage Read(ref MessageReader reader)
    {
        var message = new StreamMessage();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("op"u8))
            {
                message.Op = reader.ReadUtf8();
            }
            else if (name.SequenceEqual("key"u8))
            {
                message.Key = reader.ReadToken();
            }
            else if (name.SequenceEqual("keys"u8))
            {
                message.Keys = reader.ReadTokenMemory();
            }
            else if (name.SequenceEqual("run_id"u8))
            {
                message.RunId = reader.ReadInt64();
            }
            else if (name.SequenceEqual("priority"u8))
            {
                message.Priority = reader.ReadTokenMemory();
            }
            else if (name.SequenceEqual("who_has"u8))
            {
                message.WhoHas = reader.ReadTokenMemory();
            }
            else if (name.SequenceEqual("stimulus_id"u8))
            {
                message.StimulusId = reader.ReadToken();
            }
            else
            {
                reader.Skip();
            }
        }
        return message;
    }
}
