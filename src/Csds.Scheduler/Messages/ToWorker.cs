using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The messages on a worker's stream (rows SW1 to SW12), with the exact fields of each dialect.</summary>
internal static class ToWorker
{
    /// <summary>Bytes of SW1 without run spec and dependencies.</summary>
    private const int TypicalBytes = 384;

    /// <summary>Room that is made on suspicion, in bytes.</summary>
    private const long MostExpectedBytes = 16 * 1024 * 1024;

    /// <summary>Bytes of one holder's address, the size of the result, and what is around them.</summary>
    private const int TypicalHolders = 48;

    // What comes before the first value of the messages that there are most of.
    private static readonly byte[] computeTaskHead = [.. Tokens.String("op"), .. Tokens.String("compute-task"), .. Tokens.String("key")];

    // What nearly all tasks have in common behind their run specs, up to their annotations.
    private static readonly byte[] ordinary = Ordinary(Tokens.Nil);
    private static readonly byte[] ordinarySplit = Ordinary([0x80]);

    private static readonly byte[] freeKeysHead =
        [.. Tokens.String("op"), .. Tokens.String("free-keys"), .. Tokens.String("stimulus_id")];

    /// <summary>SW1: run a task. An extra or a missing field makes the worker close.</summary>
    internal static void ComputeTask(this MessageBatch batch, TaskState ts, SchedulerState s)
    {
        Dialect dialect = s.Options.Dialect;
        int entries = 9 + (dialect.TaskDuration ? 1 : 0) + (dialect.RunIds ? 1 : 0) + (dialect.Spans ? 1 : 0);
        MessageWriter w = batch.Add();
        w.Expect(ExpectedBytes(ts));
        w.Map(entries + (dialect.SplitRunSpecs ? SplitFields.Count : 1));
        w.Token(computeTaskHead);
        w.Key(ts.Key);
        if (dialect.RunIds)
        {
            w.Field("run_id"u8, ts.RunId);
        }
        w.Text("priority"u8);
        ts.Priority.Write(ref w);
        if (dialect.TaskDuration)
        {
            w.Field("duration"u8, s.Occupancy.DurationOf(ts.Prefix));
        }
        w.FieldToken("stimulus_id"u8, s.ComputeTaskStimulus());
        WriteDependencies(ref w, ts);
        if (dialect.SplitRunSpecs)
        {
            SplitFields.Write(ref w, ts.RunSpec);
        }
        else
        {
            w.Text("run_spec"u8);
            ts.RunSpec.WriteValue(ref w);
        }
        if (ts is { Actor: false, Details: not { ResourceRestrictions: not null } })
        {
            w.Token(dialect.SplitRunSpecs ? ordinarySplit : ordinary);
        }
        else
        {
            WriteResources(ref w, ts, dialect);
            w.Field("actor"u8, ts.Actor);
            w.Text("annotations"u8);
        }
        if (ts.Details?.Annotations is { } annotations)
        {
            w.Value(annotations);
        }
        else
        {
            w.Map(0);
        }
        if (dialect.Spans)
        {
            w.FieldToken("span_id"u8, ts.Group.Span?.IdToken ?? Tokens.Nil);
        }
        w.End();
    }

    // No resources: None or an empty map; no actor.
    private static byte[] Ordinary(ReadOnlySpan<byte> resources) =>
    [
        .. Tokens.String("resource_restrictions"), .. resources,
        .. Tokens.String("actor"), 0xc2,
        .. Tokens.String("annotations"),
    ];

    private static int ExpectedBytes(TaskState ts)
    {
        long keyBytes = ts.Dependencies.TryGetFirst(out TaskState? first) ? first.Key.Token.Length : 0;
        long bytes = TypicalBytes + ts.RunSpec.Bytes + (ts.Dependencies.Count * ((2 * keyBytes) + TypicalHolders));
        return (int)Math.Min(bytes, MostExpectedBytes);
    }

    private static void WriteDependencies(ref MessageWriter w, TaskState ts)
    {
        w.Text("who_has"u8);
        w.Map(ts.Dependencies.Count);
        foreach (TaskState dts in ts.Dependencies)
        {
            w.Key(dts.Key);
            WriteHolders(ref w, dts);
        }
        w.Text("nbytes"u8);
        w.Map(ts.Dependencies.Count);
        foreach (TaskState dts in ts.Dependencies)
        {
            w.Key(dts.Key);
            w.Int(dts.NBytes);
        }
    }

    private static void WriteHolders(ref MessageWriter w, TaskState dts)
    {
        w.List(dts.WhoHas.Count);
        foreach (WorkerState ws in dts.WhoHas)
        {
            w.Token(ws.AddressToken);
        }
    }

    private static void WriteResources(ref MessageWriter w, TaskState ts, Dialect dialect)
    {
        w.Text("resource_restrictions"u8);
        if (ts.Details?.ResourceRestrictions is { } resources)
        {
            w.Token(resources.Token.Span);
        }
        else if (dialect.SplitRunSpecs)
        {
            w.Map(0);
        }
        else
        {
            w.Nil();
        }
    }

    /// <summary>
    /// SW2: drop this result, cancel this task. All that one stimulus frees in a row is one message, and it can wait: often the
    /// worker gets its next task soon.
    /// </summary>
    internal static void FreeKeys(this MessageBatch batch, Key key, ReadOnlySpan<byte> stimulusId) =>
        FreeKeys(batch, key.Token, stimulusId);

    /// <summary>SW2 for a key of which no task is known.</summary>
    internal static void FreeKeys(this MessageBatch batch, ReadOnlySpan<byte> keyToken, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Token(freeKeysHead);
        w.Token(stimulusId);
        w.Text("keys"u8);
        w.GrowingList();
        w.Token(keyToken);
        w.End(canWait: true);
    }

    /// <summary>SW3: fetch these results.</summary>
    internal static void AcquireReplicas(this MessageBatch batch, IReadOnlyList<TaskState> tasks, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(4);
        w.Field("op"u8, "acquire-replicas"u8);
        w.Text("who_has"u8);
        w.Map(tasks.Count);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
            WriteHolders(ref w, ts);
        }
        w.Text("nbytes"u8);
        w.Map(tasks.Count);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
            w.Int(ts.NBytes);
        }
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }

    /// <summary>SW4: drop these replicas, if nothing on the worker needs them.</summary>
    internal static void RemoveReplicas(this MessageBatch batch, IReadOnlyList<Key> keys, ReadOnlySpan<byte> stimulusId) =>
        ManyKeys(batch, "remove-replicas"u8, keys, stimulusId);

    /// <summary>SW2 for several keys.</summary>
    internal static void FreeKeys(this MessageBatch batch, IReadOnlyList<Key> keys, ReadOnlySpan<byte> stimulusId) =>
        ManyKeys(batch, "free-keys"u8, keys, stimulusId);

    /// <summary>SW5: give this task up, if it has not begun.</summary>
    internal static void StealRequest(this MessageBatch batch, Key key, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "steal-request"u8);
        w.FieldToken("key"u8, key.Token);
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }

    /// <summary>SW6: who holds these keys now.</summary>
    internal static void RefreshWhoHas(this MessageBatch batch, IReadOnlyList<TaskState> tasks, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "refresh-who-has"u8);
        w.Text("who_has"u8);
        w.Map(tasks.Count);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
            WriteHolders(ref w, ts);
        }
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }

    /// <summary>SW7: from now on the worker has this status.</summary>
    internal static void WorkerStatusChange(this MessageBatch batch, WorkerStatus status, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "worker-status-change"u8);
        w.Field("status"u8, status.ToText());
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }

    /// <summary>SW8: close down.</summary>
    internal static void Close(this MessageBatch batch, ReadOnlySpan<byte> reason)
    {
        MessageWriter w = batch.Add();
        w.Map(2);
        w.Field("op"u8, "close"u8);
        w.Field("reason"u8, reason);
        w.End();
    }

    /// <summary>SW9: the stream ends here.</summary>
    internal static void CloseStream(this MessageBatch batch)
    {
        MessageWriter w = batch.Add();
        w.Map(1);
        w.Field("op"u8, "close-stream"u8);
        w.End();
    }

    /// <summary>SW10: another worker is gone. Only for dialects that know the op.</summary>
    internal static void RemoveWorker(this MessageBatch batch, WorkerState gone, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "remove-worker"u8);
        w.FieldToken("worker"u8, gone.AddressToken);
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }

    /// <summary>SW11: a shuffle, or a run of it, is over. 2022 has no runs.</summary>
    internal static void ShuffleFail(this MessageBatch batch, Key id, long? runId, string message)
    {
        MessageWriter w = batch.Add();
        w.Map(runId is null ? 3 : 4);
        w.Field("op"u8, "shuffle-fail"u8);
        w.FieldToken("shuffle_id"u8, id.Token);
        if (runId is { } run)
        {
            w.Field("run_id"u8, run);
        }
        w.Field("message"u8, message);
        w.End();
    }

    private static void ManyKeys(
        MessageBatch batch, ReadOnlySpan<byte> op, IReadOnlyList<Key> keys, ReadOnlySpan<byte> stimulusId)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, op);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        w.FieldToken("stimulus_id"u8, stimulusId);
        w.End();
    }
}
