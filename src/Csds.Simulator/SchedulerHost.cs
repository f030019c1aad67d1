using System.IO.Hashing;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Checking;
using Csds.Simulator.Client;
using Csds.Simulator.Wire;
using Csds.Simulator.Worker;

namespace Csds.Simulator;

/// <summary>
/// What the server is to the real core: takes transfers in, lets the core handle them in turns, sends what it has
/// written, what can wait some milliseconds later. Graphs take time to be expanded, and hold up only their own client's stream.
/// </summary>
internal sealed class SchedulerHost
{
    /// <summary>Seconds that what can wait is held back.</summary>
    private const double Patience = 0.005;

    private readonly World world;
    private readonly MessageChecker checker;
    private readonly Dictionary<long, SimulatedWorker> workers = [];
    private readonly Dictionary<SimulatedWorker, WorkerState> workerStates = [];
    private readonly Dictionary<long, SimulatedClient> clients = [];
    private readonly Dictionary<SimulatedClient, ClientState> clientStates = [];
    private readonly Dictionary<SimulatedClient, Queue<Action>> heldUp = [];
    private readonly List<Action> waiting = [];
    private readonly XxHash64 sent = new();
    private long connections;
    private long turns;
    private bool drains;

    internal SchedulerHost(World world)
    {
        this.world = world;
        Core = new SchedulerState(world.Profile.Options, world.Policy, world.Clock.Now);
        checker = new MessageChecker(Core);
    }

    internal SchedulerState Core { get; }

    /// <summary>Stands for all bytes sent so far.</summary>
    internal string Digest => Convert.ToHexStringLower(sent.GetCurrentHash());

    /// <summary>Messages that went to peers.</summary>
    internal long Messages { get; private set; }

    internal void Start()
    {
        Repeat(0.25, () => Handle(() => Core.Tick(world.Clock.Now)));
        if (world.Profile.TurnInterval > 0)
        {
            Repeat(world.Profile.TurnInterval, Turn);
        }
    }

    internal void Register(SimulatedWorker worker, Message registration) => Handle(() =>
    {
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(registration));
        var reader = new MessageReader(frames);
        long connection = ++connections;
        workers[connection] = worker;
        if (Core.AddWorker(WorkerRegistration.Read(ref reader), connection, world.Clock.Now, out WorkerState? ws) is { } refusal)
        {
            throw new SafetyException($"a worker was refused: {refusal.Message}");
        }
        workerStates[worker] = ws!;
        world.Clock.After(world.Profile.Latency, worker.Accepted);
    });

    internal void FromWorker(SimulatedWorker worker, byte[] transfer) => Handle(() =>
    {
        if (workerStates.TryGetValue(worker, out WorkerState? ws) && !checker.IsClosed(ws.Connection))
        {
            world.Note(() => $"{worker.Name} -> {Envelope.Unpack(transfer)[0]}");
            Read(transfer, (ref MessageReader reader) => Core.Receive(ws, ref reader, world.Clock.Now));
        }
    });

    internal void WorkerStreamEnded(SimulatedWorker worker) => Handle(() =>
    {
        if (workerStates.TryGetValue(worker, out WorkerState? ws))
        {
            world.Note(() => $"the stream of {worker.Name} ends");
            Core.WorkerStreamEnded(ws, world.Clock.Now);
        }
    });

    internal void Heartbeat(SimulatedWorker worker, Message message)
    {
        byte[] request = Envelope.PackOne(message);
        world.Clock.After(world.Profile.Latency, () => Handle(() =>
        {
            using FrameGroup frames = Envelope.Cut(request);
            var reader = new MessageReader(frames);
            if (!Core.HeartbeatWorker(ref reader, world.Clock.Now))
            {
                world.Clock.After(world.Profile.Latency, () => worker.Die(abruptly: false));
            }
        }));
    }

    internal void Register(SimulatedClient client) => Handle(() =>
    {
        long connection = ++connections;
        clients[connection] = client;
        clientStates[client] = Core.AddClient(client.Name, connection, null, "", world.Clock.Now);
    });

    internal void FromClient(SimulatedClient client, byte[] transfer) => InTurn(client, () => Handle(() =>
    {
        world.Note(() => $"{client.Name} -> {Envelope.Unpack(transfer)[0]}");
        Read(transfer, (ref MessageReader reader) => Core.Receive(clientStates[client], ref reader, world.Clock.Now));
    }));

    internal void Retry(SimulatedClient client, Key key) => InTurn(client, () => Handle(() =>
        Core.Retry([key], client.Name, world.Clock.Now)));

    /// <summary>Sends data to a worker, and then tells the core (row R8).</summary>
    internal void Scatter(SimulatedClient client, Key key)
    {
        SimulatedWorker[] running = [.. workerStates.Where(w => w.Key.IsAlive && w.Value.Status == WorkerStatus.Running).Select(w => w.Key)];
        if (running.Length == 0)
        {
            world.Clock.After(1, () => Scatter(client, key));
            return;
        }
        SimulatedWorker worker = world.Random.Pick(running);
        world.Clock.After(world.Random.Exponential(world.Profile.Latency), () =>
        {
            worker.Put(key, 100);
            var data = new UpdateData([new(key, [worker.Address])], new Dictionary<Key, long> { [key] = 100 }, client.Name);
            world.Clock.After(world.Random.Exponential(world.Profile.Latency), () => Handle(() =>
            {
                Core.UpdateData(data, world.Clock.Now);
                worker.MayDrop(key);
            }));
        });
    }

    internal void ClientStreamEnded(SimulatedClient client) => Handle(() =>
        Core.ClientStreamEnded(clientStates[client], world.Clock.Now));

    internal void Submit(SimulatedClient client, byte[] transfer, Submission submission) => InTurn(client, () =>
    {
        using FrameGroup frames = Envelope.Cut(transfer);
        var reader = new MessageReader(frames);
        GraphUpdate update = GraphUpdate.Read(ref reader, client.Name);
        double start = world.Clock.Now;
        Handle(Core.BeginGraphUpdate);
        heldUp[client] = new Queue<Action>();
        world.Clock.After(world.Random.Exponential(world.Profile.Latency), () =>
        {
            world.Note(() => $"{client.Name} submits {submission}");
            Handle(() => Arrive(client, new GraphArrival(Core, update, submission.Graph, start, world.Clock.Now)));
        });
    });

    // Other things happen between the parts of a graph.
    private void Arrive(SimulatedClient client, GraphArrival arrival)
    {
        bool more = arrival.Advance(world.Clock.Now, world.Random.Between(1, 50));
        double pause = world.Random.Exponential(world.Profile.Latency / 4);
        world.Clock.After(pause, more ? () => Handle(() => Arrive(client, arrival)) : () => GoOn(client));
    }

    private void Repeat(double seconds, Action action) => world.Clock.After(seconds, () =>
    {
        action();
        Repeat(seconds, action);
    });

    // What a client sends behind a graph waits until the graph is expanded (row W38).
    private void InTurn(SimulatedClient client, Action action)
    {
        if (heldUp.TryGetValue(client, out Queue<Action>? queue))
        {
            queue.Enqueue(action);
        }
        else
        {
            action();
        }
    }

    private void GoOn(SimulatedClient client)
    {
        Queue<Action> queue = heldUp[client];
        heldUp.Remove(client);
        while (queue.TryDequeue(out Action? action))
        {
            InTurn(client, action);
        }
    }

    private delegate void Receiver(ref MessageReader reader);

    private static void Read(byte[] transfer, Receiver receive)
    {
        using FrameGroup frames = Envelope.Cut(transfer);
        var reader = new MessageReader(frames);
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
        {
            receive(ref reader);
        }
    }

    private void Handle(Action action)
    {
        waiting.Add(action);
        if (world.Profile.TurnInterval == 0)
        {
            Turn();
        }
    }

    private void Turn()
    {
        checker.BeginTurn();
        for (int i = 0; i < waiting.Count; i++)
        {
            waiting[i]();
        }
        waiting.Clear();
        if (!Core.Outbox.IsHeld && Core.Outbox.DrainUrgent(Send, Perform) && !drains)
        {
            drains = true;
            world.Clock.After(Patience, () =>
            {
                drains = false;
                Core.Outbox.Drain(Send, Perform);
            });
        }
        // All of a large state is looked at now and then.
        if (Core.Tasks.Count < 50 || turns++ % 25 == 0)
        {
            Invariants.CheckAll(Core);
        }
    }

    private void Send(StreamPeer peer, MessageBatch batch)
    {
        byte[] transfer = Envelope.Frame(batch);
        Core.Outbox.Return(batch);
        sent.Append(transfer);
        List<Message> messages = Envelope.Unpack(transfer);
        Messages += messages.Count;
        messages.ForEach(message => world.Note(() => $"{peer} <- {message}"));
        checker.Check(peer, messages);
        if (workers.TryGetValue(peer.Connection, out SimulatedWorker? worker))
        {
            worker.Deliver(transfer);
        }
        else
        {
            clients[peer.Connection].Deliver(transfer);
        }
    }

    private void Perform(Effect effect)
    {
        if (effect is CloseStream close)
        {
            checker.Close(close.Connection);
            workers[close.Connection].DeliverEnd();
        }
    }
}
