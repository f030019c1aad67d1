using Csds.Protocol;
using Csds.Simulator.Checking;
using Csds.Simulator.Network;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Client;

/// <summary>A client that submits graphs, holds futures, releases and cancels some of them, and may vanish.</summary>
internal sealed class SimulatedClient
{
    private readonly World world;
    private readonly Dictionary<Key, FutureState> futures = new(KeyComparer.Instance);
    private readonly HashSet<Key> unanswered = new(KeyComparer.Instance);
    private readonly Link toScheduler;
    private readonly Link fromScheduler;

    internal SimulatedClient(World world, string name)
    {
        this.world = world;
        Name = name;
        toScheduler = world.NewLink();
        fromScheduler = world.NewLink();
        toScheduler.Send(() => world.Host.Register(this));
    }

    internal string Name { get; }

    internal bool IsAlive { get; private set; } = true;

    /// <summary>The keys that it holds, and what it knows of them.</summary>
    internal IReadOnlyDictionary<Key, FutureState> Futures => futures;

    /// <summary>Every key that it holds is there.</summary>
    internal bool HasEverything => futures.Values.All(state => state == FutureState.Finished);

    /// <summary>When it heard of one of its keys last, in seconds since 1970.</summary>
    internal double LastNews { get; private set; }

    internal void Deliver(byte[] transfer) => fromScheduler.Send(() =>
    {
        foreach (Message message in Envelope.Unpack(transfer))
        {
            Receive(message);
        }
    });

    /// <summary>Submits a graph and holds the keys that it wants.</summary>
    internal void Submit(Submission submission)
    {
        foreach (Key key in submission.Wanted)
        {
            futures[key] = FutureState.Pending;
        }
        Message message = new Message(world.Profile.Options.Dialect.PackedGraphs ? "update-graph-hlg" : "update-graph")
            .With("keys", new PythonSet(submission.Wanted.Cast<object?>()))
            .With("fifo_timeout", 0.1)
            .With("user_priority", world.Random.Between(0, 1))
            .With("actors", null);
        byte[] transfer = Envelope.PackOne(message);
        toScheduler.Send(() => world.Host.Submit(this, transfer, submission));
    }

    /// <summary>Puts data onto a worker, by way of the scheduler.</summary>
    internal void Scatter(Key key)
    {
        if (IsAlive && world.HasFaults)
        {
            futures[key] = FutureState.Pending;
            unanswered.Add(key);
            toScheduler.Send(() => world.Host.Scatter(this, key));
        }
    }

    internal void ReleaseSomething()
    {
        Key[] keys = [.. futures.Keys.Where(key => !unanswered.Contains(key))];
        if (keys.Length > 0)
        {
            Release(world.Random.Pick(keys));
        }
    }

    internal void CancelSomething()
    {
        Key[] keys = [.. futures.Keys.Where(key => !unanswered.Contains(key))];
        if (keys.Length == 0)
        {
            return;
        }
        Key key = world.Random.Pick(keys);
        futures.Remove(key);
        Send(new Message("cancel-keys")
            .With("keys", new List<object?> { key })
            .With("force", world.Random.Chance(0.2))
            .With("reason", "user")
            .With("msg", null));
        Release(key);
    }

    /// <summary>Asks for another try of what has failed.</summary>
    internal void RetrySomething()
    {
        Key[] failed = [.. futures.Where(f => f.Value == FutureState.Error).Select(f => f.Key)];
        if (failed.Length > 0)
        {
            Key key = world.Random.Pick(failed);
            toScheduler.Send(() => world.Host.Retry(this, key));
        }
    }

    /// <summary>Releases everything, in good order.</summary>
    internal void ReleaseEverything()
    {
        foreach (Key key in futures.Keys.ToArray())
        {
            Release(key);
        }
    }

    /// <summary>It is gone without a word.</summary>
    internal void Die()
    {
        if (IsAlive)
        {
            IsAlive = false;
            fromScheduler.Cut();
            toScheduler.Send(() => world.Host.ClientStreamEnded(this));
        }
    }

    private void Release(Key key)
    {
        futures.Remove(key);
        Send(new Message("client-releases-keys").With("keys", new List<object?> { key }).With("client", Name));
    }

    private void Receive(Message message)
    {
        switch (message.Op)
        {
            case "key-in-memory": Learn(message.Key, FutureState.Finished); break;
            case "task-erred": Learn(message.Key, FutureState.Error); break;
            case "lost-data" or "task-retried": Learn(message.Key, FutureState.Pending); break;
            case "cancelled-key": Learn(message.Key, FutureState.Cancelled); break;
            case "cancelled-keys":
                foreach (Key key in message.Keys)
                {
                    Learn(key, FutureState.Cancelled);
                }
                break;
            case "stream-start" or "adjust-heartbeat-interval":
                break;
            default:
                throw new SafetyException($"a client does not know the op {message.Op}");
        }
    }

    private void Learn(Key key, FutureState state)
    {
        if (futures.ContainsKey(key))
        {
            futures[key] = state;
            unanswered.Remove(key);
            LastNews = world.Clock.Now;
        }
    }

    private void Send(Message message)
    {
        byte[] transfer = Envelope.Pack(message);
        toScheduler.Send(() => world.Host.FromClient(this, transfer));
    }
}
