using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Publishers and subscribers of topics (rows X8, CS16, V21), in releases before 2025.3.1: Dask's
/// <c>PubSubSchedulerExtension</c>. Workers send to each other directly; clients send and receive through here.
/// </summary>
internal sealed class PubSub(SchedulerState s)
{
    private readonly Dictionary<Key, Topic> topics = new(KeyComparer.Instance);

    /// <summary>Number of topics that have a publisher or a subscriber.</summary>
    internal int Count => topics.Count;

    /// <summary><c>pubsub_add_publisher</c>: a worker publishes, and learns who has subscribed.</summary>
    internal void AddPublisher(Request r)
    {
        Topic? topic = topics.GetValueOrDefault(r.Name);
        if (s.Workers.TryGet(r.Worker.Token.Span, out WorkerState? ws))
        {
            topic ??= Get(r.Name);
            topic.Publishers.Add(ws);
        }
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
        {
            w.Map(2);
            w.Text("subscribers"u8);
            w.Map(topic?.Subscribers.Count ?? 0);
            foreach (WorkerState subscriber in topic?.Subscribers ?? default)
            {
                w.Token(subscriber.AddressToken);
                w.Map(0);
            }
            w.Field("publish-scheduler"u8, topic is { Clients.IsEmpty: false });
        }));
    }

    /// <summary><c>pubsub-add-subscriber</c> of a worker.</summary>
    internal void AddSubscriber(WorkerState ws, Key name)
    {
        Topic topic = Get(name);
        topic.Subscribers.Add(ws);
        foreach (WorkerState publisher in topic.Publishers)
        {
            s.Outbox.To(publisher).PubSubAddSubscriber(name, ws);
        }
    }

    /// <summary><c>pubsub-add-subscriber</c> of a client.</summary>
    internal void AddSubscriber(ClientState client, Key name)
    {
        Topic topic = Get(name);
        foreach (WorkerState publisher in topic.Publishers)
        {
            s.Outbox.To(publisher).PubSubPublishScheduler(name, publish: true);
        }
        topic.Clients.Add(client);
    }

    /// <summary><c>pubsub-remove-publisher</c> of a worker.</summary>
    internal void RemovePublisher(WorkerState ws, Key name)
    {
        if (topics.TryGetValue(name, out Topic? topic))
        {
            topic.Publishers.Remove(ws);
            RemoveIfEmpty(name, topic);
        }
    }

    /// <summary><c>pubsub-remove-subscriber</c> of a worker.</summary>
    internal void RemoveSubscriber(WorkerState ws, Key name)
    {
        if (!topics.TryGetValue(name, out Topic? topic) || !topic.Subscribers.Remove(ws))
        {
            s.CountStale("pubsub-remove-subscriber");
            return;
        }
        foreach (WorkerState publisher in topic.Publishers)
        {
            s.Outbox.To(publisher).PubSubRemoveSubscriber(name, ws);
        }
        RemoveIfEmpty(name, topic);
    }

    /// <summary><c>pubsub-remove-subscriber</c> of a client.</summary>
    internal void RemoveSubscriber(ClientState client, Key name)
    {
        if (!topics.TryGetValue(name, out Topic? topic) || !topic.Clients.Remove(client))
        {
            s.CountStale("pubsub-remove-subscriber");
            return;
        }
        if (topic.Clients.IsEmpty)
        {
            foreach (WorkerState publisher in topic.Publishers)
            {
                s.Outbox.To(publisher).PubSubPublishScheduler(name, publish: false);
            }
        }
        RemoveIfEmpty(name, topic);
    }

    /// <summary><c>pubsub-msg</c>: clients get every message, workers those of clients.</summary>
    internal void Publish(Key name, Opaque message, bool fromClient)
    {
        if (!topics.TryGetValue(name, out Topic? topic))
        {
            return;
        }
        foreach (ClientState client in topic.Clients)
        {
            s.Outbox.To(client).PubSubMessage(name, message);
        }
        if (fromClient)
        {
            foreach (WorkerState subscriber in topic.Subscribers)
            {
                s.Outbox.To(subscriber).PubSubMessage(name, message);
            }
        }
    }

    /// <summary>A client is gone: what it subscribed to needs no messages for it.</summary>
    internal void Forget(ClientState client)
    {
        foreach (Key name in topics.Where(t => t.Value.Clients.Contains(client)).Select(t => t.Key).ToArray())
        {
            RemoveSubscriber(client, name);
        }
    }

    /// <summary>A client has come back: its subscriptions are its new self's.</summary>
    internal void Replace(ClientState former, ClientState client)
    {
        foreach (Topic topic in topics.Values)
        {
            if (topic.Clients.Remove(former))
            {
                topic.Clients.Add(client);
            }
        }
    }

    /// <summary>A worker is gone. Publishers are not told, as in Dask: they find out.</summary>
    internal void Forget(WorkerState ws)
    {
        foreach ((Key name, Topic topic) in topics.ToArray())
        {
            topic.Publishers.Remove(ws);
            topic.Subscribers.Remove(ws);
            RemoveIfEmpty(name, topic);
        }
    }

    private Topic Get(Key name)
    {
        if (!topics.TryGetValue(name, out Topic? topic))
        {
            topics[name] = topic = new Topic();
        }
        return topic;
    }

    private void RemoveIfEmpty(Key name, Topic topic)
    {
        if (topic.Publishers.IsEmpty && topic.Subscribers.IsEmpty && topic.Clients.IsEmpty)
        {
            topics.Remove(name);
        }
    }

    private sealed class Topic
    {
        internal OrderedSet<WorkerState> Publishers;
        internal OrderedSet<WorkerState> Subscribers;
        internal OrderedSet<ClientState> Clients;
    }
}
