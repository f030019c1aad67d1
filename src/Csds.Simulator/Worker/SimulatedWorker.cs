using Csds.Protocol;
using Csds.Simulator.Checking;
using Csds.Simulator.Network;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Worker;

/// <summary>
/// A worker that follows the rules of Dask's worker: it runs a task when the dependencies are there, goes on with runs
/// that were taken back, and answers with the number of the run that it began.
/// </summary>
internal sealed partial class SimulatedWorker
{
    private readonly World world;
    private readonly Dictionary<Key, WorkerTask> tasks = new(KeyComparer.Instance);
    private readonly Dictionary<Key, long> data = new(KeyComparer.Instance);
    private readonly HashSet<Key> unannounced = new(KeyComparer.Instance);
    private readonly List<Action> heldBack = [];
    private readonly Link toScheduler;
    private readonly Link fromScheduler;
    private readonly int threads;
    private bool paused;
    private bool frozen;

    internal SimulatedWorker(World world, string name, int threads, bool hasResource)
    {
        this.world = world;
        this.threads = threads;
        Name = name;
        Address = $"tcp://{name}:1";
        HasResource = hasResource;
        toScheduler = world.NewLink();
        fromScheduler = world.NewLink();
        toScheduler.Send(() => world.Host.Register(this, Registration()));
    }

    internal string Name { get; }

    internal string Address { get; }

    internal bool HasResource { get; }

    internal bool IsAlive { get; private set; } = true;

    /// <summary>What it holds.</summary>
    internal IReadOnlyDictionary<Key, long> Data => data;

    /// <summary>What it still has to do.</summary>
    internal IEnumerable<WorkerTask> Unfinished => tasks.Values.Where(t => t.IsAlive);

    /// <summary>The scheduler has taken it in: the stream begins.</summary>
    internal void Accepted()
    {
        SetPaused(false);
        world.Clock.After(world.Random.Between(0, 5.0), Heartbeat);
    }

    /// <summary>A transfer of the scheduler's, on its way.</summary>
    internal void Deliver(byte[] transfer) => fromScheduler.Send(() => WhenAwake(() =>
    {
        foreach (Message message in Envelope.Unpack(transfer))
        {
            if (IsAlive)
            {
                Receive(message);
            }
        }
        CheckInput();
        StartTasks();
    }));

    /// <summary>The scheduler closes the stream, behind what it has sent.</summary>
    internal void DeliverEnd() => fromScheduler.Send(() => WhenAwake(() => Die(abruptly: false)));

    /// <summary>It is gone: killed, or cut off.</summary>
    /// <param name="abruptly">What it has sent and what has not arrived yet is lost.</param>
    internal void Die(bool abruptly)
    {
        if (!IsAlive)
        {
            return;
        }
        IsAlive = false;
        world.Note(() => $"{Name} dies");
        world.Forget(this);
        fromScheduler.Cut();
        if (abruptly)
        {
            toScheduler.Cut();
            world.Clock.After(world.Profile.Latency, () => world.Host.WorkerStreamEnded(this));
        }
        else
        {
            toScheduler.Send(() => world.Host.WorkerStreamEnded(this));
        }
    }

    /// <summary>Pauses it, or lets it go on.</summary>
    internal void SetPaused(bool pause) => WhenAwake(() =>
    {
        paused = pause;
        Send(new Message("worker-status-change")
            .With("status", pause ? "paused" : "running")
            .With("stimulus_id", $"worker-status-change-{Name}"));
        StartTasks();
    });

    /// <summary>It does nothing for some time; what happens to it waits.</summary>
    internal void Freeze(double seconds)
    {
        frozen = true;
        world.Note(() => $"{Name} freezes");
        world.Clock.After(seconds, () =>
        {
            frozen = false;
            foreach (Action action in heldBack.ToArray())
            {
                action();
            }
            heldBack.Clear();
            StartTasks();
        });
    }

    /// <summary>Takes in data that a client has scattered.</summary>
    internal void Put(Key key, long bytes)
    {
        if (IsAlive)
        {
            data[key] = bytes;
            unannounced.Add(key);
        }
    }

    /// <summary>The scheduler knows of data that a client has scattered: losing it means something from now on.</summary>
    internal void MayDrop(Key key) => unannounced.Remove(key);

    /// <summary>Loses a result that nothing here needs, and says so.</summary>
    internal void DropSomething()
    {
        Key[] droppable = [.. data.Keys.Except(unannounced).Where(key => !tasks.Values.Any(t => t.IsAlive && t.Dependencies.Contains(key)))];
        if (droppable.Length > 0)
        {
            Key key = world.Random.Pick(droppable);
            data.Remove(key);
            tasks.Remove(key);
            Send(new Message("release-worker-data").With("key", key).With("stimulus_id", "dropped"));
        }
    }

    private void Receive(Message message)
    {
        switch (message.Op)
        {
            case "compute-task": Compute(message); break;
            case "free-keys": Free(message.Keys); break;
            case "remove-replicas": RemoveReplicas(message.Keys); break;
            case "refresh-who-has": UpdateWhoHas((PythonDict)message["who_has"]!); break;
            case "steal-request": AnswerSteal(message); break;
            case "remove-worker": ForgetPeer((string)message["worker"]!); break;
            case "close": Die(abruptly: false); break;
            default: throw new SafetyException($"a worker does not know the op {message.Op}");
        }
    }

    private void WhenAwake(Action action)
    {
        if (!IsAlive)
        {
            return;
        }
        if (frozen)
        {
            heldBack.Add(action);
        }
        else
        {
            action();
        }
    }

    private void Heartbeat()
    {
        WhenAwake(() =>
        {
            var executing = new PythonDict();
            foreach (WorkerTask task in tasks.Values.Where(t => t.State is RunState.Executing or RunState.LongRunning))
            {
                executing.With(task.Key, world.Clock.Now - task.Started);
            }
            world.Host.Heartbeat(this, new Message("heartbeat_worker")
                .With("address", Address)
                .With("now", world.Clock.Now)
                .With("metrics", Metrics())
                .With("executing", executing));
        });
        if (IsAlive)
        {
            world.Clock.After(5, Heartbeat);
        }
    }

    private void Send(Message message)
    {
        byte[] transfer = Envelope.Pack(message);
        toScheduler.Send(() => world.Host.FromWorker(this, transfer));
    }

    private static PythonDict Metrics() => new PythonDict()
        .With("memory", 1000)
        .With("cpu", 0.5)
        .With("spilled_bytes", new PythonDict().With("memory", 0).With("disk", 0))
        .With("bandwidth", new PythonDict().With("total", 1e8).With("workers", new PythonDict()).With("types", new PythonDict()));

    private Message Registration() => new Message("register-worker")
        .With("address", Address)
        .With("status", "init")
        .With("nthreads", threads)
        .With("name", Name)
        .With("now", world.Clock.Now)
        .With("resources", HasResource ? new PythonDict().With(World.Resource, 1) : [])
        .With("memory_limit", 0)
        .With("metrics", Metrics())
        .With("stimulus_id", $"worker-connect-{Name}");
}
