using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The fields of messages that are about one key or some keys. A view over the received frame.</summary>
internal readonly ref struct KeyFields
{
    private static readonly byte[] none = [0x90];
    private static readonly byte[] noStimulus = Tokens.String("");

    private readonly ReadOnlySpan<byte> key;

    private KeyFields(ReadOnlySpan<byte> key) => this.key = key;

    /// <summary>Field <c>key</c>, as a token.</summary>
    /// <exception cref="ProtocolException">There is none.</exception>
    internal ReadOnlySpan<byte> Key => key.IsEmpty ? throw new ProtocolException("a message lacks key") : key;

    /// <summary>Field <c>keys</c>: a list, tuple or set.</summary>
    internal Key[] Keys
    {
        get
        {
            MessageReader reader = KeysReader;
            return ReadKeys(ref reader);
        }
    }

    /// <summary>The beginning of field <c>keys</c>, or of an empty list.</summary>
    internal MessageReader KeysReader { get; private init; }

    /// <summary>Field <c>run_id</c>; -1 if there is none.</summary>
    internal long RunId { get; private init; }

    /// <summary>Field <c>compute_duration</c> in seconds.</summary>
    internal double? ComputeDuration { get; private init; }

    /// <summary>Field <c>client</c>.</summary>
    internal string? Client { get; private init; }

    /// <summary>Field <c>force</c>.</summary>
    internal bool Force { get; private init; }

    /// <summary>Field <c>reason</c>.</summary>
    internal string? Reason { get; private init; }

    /// <summary>Field <c>msg</c>, where it is text.</summary>
    internal string? Message { get; private init; }

    /// <summary>Field <c>stimulus_id</c>, as a token.</summary>
    internal byte[] StimulusId { get; private init; } = [];

    internal static KeyFields Read(ref MessageReader m)
    {
        ReadOnlySpan<byte> key = default;
        var keys = new MessageReader(none);
        long runId = -1;
        double? duration = null;
        string? client = null, reason = null, message = null;
        bool force = false;
        byte[] stimulus = noStimulus;
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = m.ReadUtf8();
            if (name.SequenceEqual("key"u8))
            {
                key = m.ReadToken();
            }
            else if (name.SequenceEqual("keys"u8))
            {
                keys = m.Peek();
                m.Skip();
            }
            else if (name.SequenceEqual("stimulus_id"u8))
            {
                stimulus = m.ReadToken().ToArray();
            }
            else if (name.SequenceEqual("run_id"u8))
            {
                runId = m.TryReadNil() ? -1 : m.ReadInt64();
            }
            else if (name.SequenceEqual("compute_duration"u8))
            {
                duration = m.TryReadNil() ? null : m.ReadDouble();
            }
            else if (name.SequenceEqual("client"u8))
            {
                client = m.ReadStringOrNull();
            }
            else if (name.SequenceEqual("force"u8))
            {
                force = m.ReadBoolean();
            }
            else if (name.SequenceEqual("reason"u8))
            {
                reason = m.ReadStringOrNull();
            }
            else if (name.SequenceEqual("msg"u8))
            {
                message = m.ReadStringOrNull();
            }
            else
            {
                m.Skip();
            }
        }
        return new KeyFields(key)
        {
            KeysReader = keys,
            RunId = runId,
            ComputeDuration = duration,
            Client = client,
            Force = force,
            Reason = reason,
            Message = message,
            StimulusId = stimulus,
        };
    }

    /// <summary>Reads a list, tuple or set of keys; those of <paramref name="graph"/> are its own.</summary>
    internal static Key[] ReadKeys(ref MessageReader m, IGraphReader? graph = null)
    {
        var keys = new Key[m.ReadSequenceHeader()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = graph is null ? m.ReadKey() : graph.KeyOf(m.ReadKeyToken());
        }
        return keys;
    }
}
