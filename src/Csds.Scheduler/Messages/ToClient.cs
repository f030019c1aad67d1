using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The messages on a client's stream (rows SC1 to SC12).</summary>
internal static class ToClient
{
    /// <summary>SC1: the first message.</summary>
    internal static void StreamStart(this MessageBatch batch, string warning, string error)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "stream-start"u8);
        w.Field("warning"u8, warning);
        w.Field("error"u8, error);
        w.End();
    }

    /// <summary>SC2: a result is there. <paramref name="type"/> is the pickled type, if it is known.</summary>
    internal static void KeyInMemory(this MessageBatch batch, Key key, ReadOnlySpan<byte> type = default)
    {
        MessageWriter w = batch.Add();
        w.Map(type.IsEmpty ? 2 : 3);
        w.Field("op"u8, "key-in-memory"u8);
        w.FieldToken("key"u8, key.Token);
        if (!type.IsEmpty)
        {
            w.FieldToken("type"u8, type);
        }
        w.End();
    }

    /// <summary>SC2 for data from outside, with its holders.</summary>
    internal static void KeyInMemory(this MessageBatch batch, TaskState ts)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "key-in-memory"u8);
        w.FieldToken("key"u8, ts.Key.Token);
        w.Text("workers"u8);
        w.List(ts.WhoHas.Count);
        foreach (WorkerState ws in ts.WhoHas)
        {
            w.Token(ws.AddressToken);
        }
        w.End();
    }

    /// <summary>SC3: a task failed.</summary>
    internal static void TaskErred(this MessageBatch batch, Key key, Opaque? exception, Opaque? traceback)
    {
        MessageWriter w = batch.Add();
        w.Map(4);
        w.Field("op"u8, "task-erred"u8);
        w.FieldToken("key"u8, key.Token);
        w.Field("exception"u8, exception);
        w.Field("traceback"u8, traceback);
        w.End();
    }

    /// <summary>SC4: a result was lost.</summary>
    internal static void LostData(this MessageBatch batch, Key key) => OneKey(batch, "lost-data"u8, key);

    /// <summary>SC5: a failed task runs again.</summary>
    internal static void TaskRetried(this MessageBatch batch, Key key) => OneKey(batch, "task-retried"u8, key);

    /// <summary>SC6: keys that nobody will compute.</summary>
    internal static void CancelledKeys(
        this MessageBatch batch, IReadOnlyList<Key> keys, Dialect dialect, string? reason = null, string? message = null)
    {
        if (!dialect.CancelledKeys)
        {
            foreach (Key key in keys)
            {
                OneKey(batch, "cancelled-key"u8, key);
            }
            return;
        }
        bool withReason = dialect.CancelReasons && reason is not null;
        bool withMessage = withReason && message is not null;
        MessageWriter w = batch.Add();
        w.Map(2 + (withReason ? 1 : 0) + (withMessage ? 1 : 0));
        w.Field("op"u8, "cancelled-keys"u8);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        if (withReason)
        {
            w.Field("reason"u8, reason);
        }
        if (withMessage)
        {
            w.Field("msg"u8, message);
        }
        w.End();
    }

    /// <summary>SC7: everything was forgotten.</summary>
    internal static void Restart(this MessageBatch batch)
    {
        MessageWriter w = batch.Add();
        w.Map(1);
        w.Field("op"u8, "restart"u8);
        w.End();
    }

    /// <summary>SC8: an event in a topic that the client subscribed to.</summary>
    internal static void Event(this MessageBatch batch, string topic, double timestamp, Opaque message)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "event"u8);
        w.Field("topic"u8, topic);
        w.Text("event"u8);
        w.List(2);
        w.Float(timestamp);
        w.Value(message);
        w.End();
    }

    /// <summary>SC9: how often to heartbeat, in seconds.</summary>
    internal static void AdjustHeartbeatInterval(this MessageBatch batch, double interval)
    {
        MessageWriter w = batch.Add();
        w.Map(2);
        w.Field("op"u8, "adjust-heartbeat-interval"u8);
        w.Field("interval"u8, interval);
        w.End();
    }

    /// <summary>SC11: the end, after <c>close-client</c>.</summary>
    internal static void StreamClosed(this MessageBatch batch)
    {
        MessageWriter w = batch.Add();
        w.Map(1);
        w.Field("op"u8, "stream-closed"u8);
        w.End();
    }

    private static void OneKey(MessageBatch batch, ReadOnlySpan<byte> op, Key key)
    {
        MessageWriter w = batch.Add();
        w.Map(2);
        w.Field("op"u8, op);
        w.FieldToken("key"u8, key.Token);
        w.End();
    }
}
