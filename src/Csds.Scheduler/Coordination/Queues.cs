using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Queues by name (row X5): Dask's <c>QueueExtension</c>. The key of a future is held from the moment that it is put
/// until the client that got it has said so.
/// </summary>
internal sealed class Queues(SchedulerState s)
{
    private readonly Dictionary<Key, SharedQueue> queues = new(KeyComparer.Instance);
    private readonly Dictionary<(Key Queue, Key Key), int> futures = [];

    /// <summary>Number of queues.</summary>
    internal int Count => queues.Count;

    /// <summary>Number of futures that are in a queue, or that clients got from it and have not confirmed.</summary>
    internal int FutureCount => futures.Count;

    /// <summary><c>queue_create</c>: one more user. Whoever comes first says how much fits.</summary>
    internal void Create(Request r)
    {
        if (!queues.TryGetValue(r.Name, out SharedQueue? queue))
        {
            queues[r.Name] = queue = new SharedQueue(s, r.MaxSize);
        }
        queue.Users++;
        s.Answer(r.Number);
    }

    /// <summary><c>queue_release</c> (row CS13): one user less; without any the queue is gone.</summary>
    internal void Release(Key name)
    {
        if (!queues.TryGetValue(name, out SharedQueue? queue) || --queue.Users > 0)
        {
            return;
        }
        queues.Remove(name);
        foreach (SharedValue value in queue.Close())
        {
            LetGo(name, value.Key);
        }
    }

    /// <summary><c>queue_put</c>: waits for the future to be known, and for room.</summary>
    internal void Put(Request r)
    {
        double? deadline = s.Coordination.Waiting.After(r.Timeout);
        s.Coordination.AwaitedKeys.WaitFor(r.Number, r.Key, deadline, () =>
        {
            if (!queues.TryGetValue(r.Name, out SharedQueue? queue))
            {
                s.Refuse(r.Number, PythonError.KeyError(r.Name));
                return;
            }
            if (!r.Key.IsNone)
            {
                (Key, Key) future = (r.Name, r.Key);
                futures[future] = futures.GetValueOrDefault(future) + 1;
                s.Hold(PseudoClients.Queue(r.Name), r.Key);
            }
            queue.Put(r.Number, SharedValue.Of(r), deadline, () => LetGo(r.Name, r.Key));
        });
    }

    /// <summary><c>queue_get</c>: one value, a number of them, or all that are there.</summary>
    internal void Get(Request r)
    {
        if (!queues.TryGetValue(r.Name, out SharedQueue? queue))
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Name));
        }
        else if (r.BatchAll)
        {
            queue.GetAll(r.Number);
        }
        else if (r.BatchSize > 0 && r.Timeout is not null)
        {
            s.Refuse(r.Number, new PythonError(
                "builtins", "NotImplementedError",
                "Dask queues don't support simultaneous use of integer batch sizes and timeouts"));
        }
        else
        {
            queue.Get(r.Number, r.BatchSize, s.Coordination.Waiting.After(r.Timeout));
        }
    }

    /// <summary><c>queue_qsize</c>.</summary>
    internal void QSize(Request r)
    {
        if (queues.TryGetValue(r.Name, out SharedQueue? queue))
        {
            s.Answer(r.Number, Answers.Int(queue.Count));
        }
        else
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Name));
        }
    }

    /// <summary><c>queue-future-release</c> (row CS13): the client has the future that it got.</summary>
    internal void FutureRelease(ClientState client, Key name, Key key)
    {
        if (s.Options.Dialect.ConfirmsReceivedFutures)
        {
            s.ClientDesiresKeys([key], client.ClientKey);
        }
        LetGo(name, key);
    }

    private void LetGo(Key name, Key key)
    {
        if (key.IsNone)
        {
            return;
        }
        if (!futures.TryGetValue((name, key), out int count))
        {
            s.CountStale("queue-future-release");
        }
        else if (count > 1)
        {
            futures[(name, key)] = count - 1;
        }
        else
        {
            futures.Remove((name, key));
            s.LetGo(PseudoClients.Queue(name), key);
        }
    }
}
