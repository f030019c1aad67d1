using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>WS2: a task has failed on a worker. A view over the received frame.</summary>
public readonly ref struct TaskErred
{
    /// <summary>The task's key.</summary>
    public ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>The run; -1 where the dialect has none.</summary>
    public long RunId { get; private init; }

    /// <summary>What caused the report, as a token.</summary>
    public ReadOnlySpan<byte> StimulusId { get; private init; }

    /// <summary>Where and when it ran.</summary>
    internal FailedRun Run { get; private init; }

    /// <summary>What went wrong.</summary>
    public Failure Failure { get; private init; }

    /// <summary>Reads the message from its map on.</summary>
    public static TaskErred Read(ref MessageReader reader)
    {
        ReadOnlySpan<byte> key = default, thread = default, stimulus = default;
        ReadOnlyMemory<byte> startStops = default;
        Opaque? exception = null, traceback = null;
        string? exceptionText = null, tracebackText = null;
        long runId = -1;
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
            else if (name.SequenceEqual("exception"u8))
            {
                exception = reader.ReadOpaque();
            }
            else if (name.SequenceEqual("traceback"u8))
            {
                traceback = reader.ReadOpaque();
            }
            else if (name.SequenceEqual("exception_text"u8))
            {
                exceptionText = reader.ReadStringOrNull();
            }
            else if (name.SequenceEqual("traceback_text"u8))
            {
                tracebackText = reader.ReadStringOrNull();
            }
            else if (name.SequenceEqual("thread"u8))
            {
                thread = reader.ReadToken();
            }
            else if (name.SequenceEqual("startstops"u8))
            {
                startStops = reader.ReadTokenMemory();
            }
            else if (name.SequenceEqual("stimulus_id"u8))
            {
                stimulus = reader.ReadToken();
            }
            else
            {
                reader.Skip();
            }
        }
        return new TaskErred
        {
            Key = Required.Field(key, "task-erred", "key"),
            RunId = runId,
            StimulusId = Required.Field(stimulus, "task-erred", "stimulus_id"),
            Run = new FailedRun(thread, startStops),
            Failure = new Failure(exception, traceback, exceptionText, tracebackText),
        };
    }
}
