using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>The message <c>log-event</c> (rows CS17, WS8, R24): a message under one or several topics.</summary>
/// <param name="Topics">The topics.</param>
/// <param name="Message">The message: anything.</param>
public sealed record EventMessage(IReadOnlyList<string> Topics, Opaque Message)
{
    /// <summary>Reads it from its map on.</summary>
    public static EventMessage Read(ref MessageReader m)
    {
        IReadOnlyList<string> topics = [];
        Opaque message = Opaque.Nil;
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (m.ReadString())
            {
                case "topic": topics = ReadTopics(ref m); break;
                case "msg": message = m.ReadOpaque(); break;
                default: m.Skip(); break;
            }
        }
        return new EventMessage(topics, message);
    }

    /// <summary>Publishes it; where it is a map and comes from a worker, the worker's address is added.</summary>
    public void Publish(SchedulerState s, WorkerState? worker)
    {
        ArgumentNullException.ThrowIfNull(s);
        foreach (string topic in Topics)
        {
            bool named = worker is not null && (topic != worker.Address || !s.Options.Dialect.RunIds);
            Opaque message = named ? WithWorker(worker!) : Message;
            s.Topics.Publish(s.Outbox, topic, s.Now, message);
        }
    }

    private Opaque WithWorker(WorkerState worker)
    {
        var reader = new MessageReader(Message);
        if (reader.NextType != MessagePackType.Map)
        {
            return Message;
        }
        int entries = reader.ReadMapHeader();
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(entries + 1);
        for (int i = 0; i < entries; i++)
        {
            w.Token(reader.ReadToken());
            w.Value(reader.ReadOpaque());
        }
        w.FieldToken("worker"u8, worker.AddressToken);
        w.End();
        return batch.ToOpaque();
    }

    private static List<string> ReadTopics(ref MessageReader m)
    {
        if (m.NextType == MessagePackType.String)
        {
            return [m.ReadString()];
        }
        var topics = new List<string>();
        int count = m.ReadSequenceHeader();
        for (int i = 0; i < count; i++)
        {
            topics.Add(m.ReadString());
        }
        return topics;
    }
}
