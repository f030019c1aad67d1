using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The messages of <see cref="PubSub"/> on streams (rows CS16, X8).</summary>
internal static class PubSubMessages
{
    /// <summary>To a publishing worker: another worker has subscribed.</summary>
    internal static void PubSubAddSubscriber(this MessageBatch batch, Key name, WorkerState subscriber) =>
        Subscriber(batch, "pubsub-add-subscriber"u8, name, subscriber);

    /// <summary>To a publishing worker: another worker has unsubscribed.</summary>
    internal static void PubSubRemoveSubscriber(this MessageBatch batch, Key name, WorkerState subscriber) =>
        Subscriber(batch, "pubsub-remove-subscriber"u8, name, subscriber);

    /// <summary>To a publishing worker: whether clients have subscribed.</summary>
    internal static void PubSubPublishScheduler(this MessageBatch batch, Key name, bool publish)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "pubsub-publish-scheduler"u8);
        w.FieldToken("name"u8, name.Token);
        w.Field("publish"u8, publish);
        w.End();
    }

    /// <summary>To a subscriber: a message.</summary>
    internal static void PubSubMessage(this MessageBatch batch, Key name, Opaque message)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "pubsub-msg"u8);
        w.FieldToken("name"u8, name.Token);
        w.Field("msg"u8, message);
        w.End();
    }

    private static void Subscriber(MessageBatch batch, ReadOnlySpan<byte> op, Key name, WorkerState subscriber)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, op);
        w.FieldToken("address"u8, subscriber.AddressToken);
        w.FieldToken("name"u8, name.Token);
        w.End();
    }
}
