using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Events by topic, and who subscribed to them: Dask's broker (rows V26, R24, SC8).</summary>
public sealed class Topics(int capacity)
{
    private readonly Dictionary<string, Topic> topics = [];

    /// <summary>The topics that have events.</summary>
    public IEnumerable<string> Names => topics.Where(t => t.Value.Events.Count > 0).Select(t => t.Key);

    /// <summary>The events of a topic, oldest first.</summary>
    public IReadOnlyCollection<(double Timestamp, Opaque Message)> Events(string topic) =>
        topics.TryGetValue(topic, out Topic? found) ? found.Events : [];

    internal void Subscribe(string topic, ClientState client) => Get(topic).Subscribers.Add(client);

    internal void Unsubscribe(string topic, ClientState client)
    {
        if (topics.TryGetValue(topic, out Topic? found))
        {
            found.Subscribers.Remove(client);
            RemoveIfEmpty(topic, found);
        }
    }

    internal void UnsubscribeAll(ClientState client)
    {
        foreach ((string name, Topic topic) in topics.ToArray())
        {
            if (topic.Subscribers.Remove(client))
            {
                RemoveIfEmpty(name, topic);
            }
        }
    }

    /// <summary>Told of every event.</summary>
    internal Action<string, Opaque>? Logged { get; set; }

    internal void Publish(Outbox outbox, string name, double now, Opaque message)
    {
        Topic topic = Get(name);
        if (topic.Events.Count == capacity && capacity > 0)
        {
            topic.Events.Dequeue();
        }
        if (capacity > 0)
        {
            topic.Events.Enqueue((now, message));
        }
        topic.Count++;
        foreach (ClientState client in topic.Subscribers)
        {
            outbox.To(client).Event(name, now, message);
        }
        Logged?.Invoke(name, message);
    }

    /// <summary>Forgets a topic's events.</summary>
    internal void Truncate(string name)
    {
        if (topics.TryGetValue(name, out Topic? topic))
        {
            topic.Events.Clear();
            RemoveIfEmpty(name, topic);
        }
    }

    private Topic Get(string name)
    {
        if (!topics.TryGetValue(name, out Topic? topic))
        {
            topics[name] = topic = new Topic();
        }
        return topic;
    }

    private void RemoveIfEmpty(string name, Topic topic)
    {
        if (topic.Events.Count == 0 && topic.Subscribers.IsEmpty)
        {
            topics.Remove(name);
        }
    }

    private sealed class Topic
    {
        internal OrderedSet<ClientState> Subscribers;

        internal Queue<(double Timestamp, Opaque Message)> Events { get; } = new();

        internal long Count { get; set; }
    }
}
