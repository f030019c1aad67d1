using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>WS1: a worker has finished a task. A view over the received frame.</summary>
public readonly ref struct TaskFinished
{
    /// <summary>The task's key.</summary>
    public ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>The run; -1 where the dialect has none.</summary>
    public long RunId { get; private init; }

    /// <summary>Size of the result in bytes.</summary>
    public long NBytes { get; private init; }

    /// <summary>The pickled type of the result, as a token.</summary>
    public ReadOnlySpan<byte> Type { get; private init; }

    /// <summary>Name of the type.</summary>
    public ReadOnlySpan<byte> TypeName { get; private init; }

    /// <summary>Ident of the thread that ran it, as a token.</summary>
    public ReadOnlySpan<byte> Thread { get; private init; }

    /// <summary>List of <c>{action, start, stop}</c>, as a token.</summary>
    public ReadOnlyMemory<byte> StartStops { get; private init; }

    /// <summary>What the worker's plugins say of the task; null without anything.</summary>
    public Opaque? Metadata { get; private init; }

    /// <summary>What caused the report, as a token.</summary>
    public ReadOnlySpan<byte> StimulusId { get; private init; }

    /// <summary>Reads the message from its map on.</summary>
    public static TaskFinished Read(ref MessageReader reader)
    {
        ReadOnlySpan<byte> key = default, type = default, typeName = default, thread = default, stimulus = default;
        ReadOnlyMemory<byte> startStops = default;
        Opaque? metadata = null;
        long runId = -1, nbytes = -1;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("key"u8))
            {
                key = reader.ReadToken();
            }
            else if (name.SequenceEqual("run_id"u8))
            {
                runId = reader.ReadInt64();
            }
            else if (name.SequenceEqual("nbytes"u8))
            {
                nbytes = reader.TryReadNil() ? -1 : reader.ReadInt64();
            }
            else if (name.SequenceEqual("type"u8) && reader.NextType == MessagePackType.Binary)
            {
                type = reader.ReadToken();
            }
            else if (name.SequenceEqual("typename"u8))
            {
                typeName = reader.ReadUtf8();
            }
            else if (name.SequenceEqual("startstops"u8))
            {
                startStops = reader.ReadTokenMemory();
            }
            else if (name.SequenceEqual("thread"u8))
            {
                thread = reader.ReadToken();
            }
            else if (name.SequenceEqual("stimulus_id"u8))
            {
                stimulus = reader.ReadToken();
            }
            else if (name.SequenceEqual("metadata"u8) && !IsEmptyMap(reader))
            {
                metadata = reader.ReadOpaque();
            }
            else
            {
                reader.Skip();
            }
        }
        return new TaskFinished
        {
            Key = Required.Field(key, "task-finished", "key"),
            RunId = runId,
            NBytes = nbytes,
            Type = type,
            TypeName = typeName,
            Thread = thread,
            StartStops = startStops,
            Metadata = metadata,
            StimulusId = Required.Field(stimulus, "task-finished", "stimulus_id"),
        };
    }

    private static bool IsEmptyMap(MessageReader reader) =>
        reader.NextType == MessagePackType.Map && reader.ReadMapHeader() == 0;
}
