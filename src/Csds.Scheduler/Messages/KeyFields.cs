using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The fields of messages that are about one key or some keys. A view over the received frame.</summary>
internal readonly ref struct KeyFields
{
    private static readonly byte[] none = [0x90];

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
        byte[] stimulus = Tokens.String("");
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (m.ReadString())
            {
                case "key": key = m.ReadToken(); break;
                case "keys":
                    keys = m.Peek();
                    m.Skip();
                    break;
                case "run_id": runId = m.TryReadNil() ? -1 : m.ReadInt64(); break;
                case "compute_duration": duration = m.TryReadNil() ? null : m.ReadDouble(); break;
                case "client": client = m.ReadStringOrNull(); break;
                case "force": force = m.ReadBoolean(); break;
                case "reason": reason = m.ReadStringOrNull(); break;
                case "msg": message = m.ReadStringOrNull(); break;
                case "stimulus_id": stimulus = m.ReadToken().ToArray(); break;
                default: m.Skip(); break;
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

    internal static Key[] ReadKeys(ref MessageReader m)
    {
        var keys = new Key[m.ReadSequenceHeader()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = m.ReadKey();
        }
        return keys;
    }
}
