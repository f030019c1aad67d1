using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>
/// A scheduler in the middle of its work: three workers, two clients, tasks in most states. Peers that break the protocol are
/// closed, as the server does.
/// </summary>
internal sealed class LiveCluster
{
    private readonly SchedulerState core;
    private readonly List<WorkerState> workers = [];
    private readonly List<ClientState> clients = [];
    private double now = 1000;
    private long connections;
    private long requests;
    private int turn;

    internal LiveCluster(Dialect dialect)
    {
        var options = new SchedulerOptions { Dialect = dialect, Validate = true, AllowedFailures = 1, TransitionLogLength = 100 };
        core = new SchedulerState(options, new DaskPolicy(), now);
        AddWorker("a", 2);
        AddWorker("b", 1);
        AddWorker("c", 1);
        clients.Add(core.AddClient("ann", ++connections, null, "", now));
        clients.Add(core.AddClient("bob", ++connections, null, "", now));
        core.UpdateData(new UpdateData(
            [new(Key.FromString("s"), [workers[0].Address])], new Dictionary<Key, long> { [Key.FromString("s")] = 10 }, "ann"), now);
        Submit(new Message("update-graph").With("keys", Vocabulary.Wanted), "ann");
        FromWorker(new Message("task-finished").With("key", "x").With("run_id", 0L).With("nbytes", 5L).With("stimulus_id", "i")
            .With("typename", "int").With("startstops", new List<object?>()));
        EndTurn();
    }

    /// <summary>A list of messages on the stream of a worker or a client, whichever knows its first op.</summary>
    internal void Transfer(MessageReader reader)
    {
        bool fromWorker = Op(reader.Peek(), first: true) is { } op && Inbox.WorkerOps.Contains(op)
            && (turn++ % 2 == 0 || !Inbox.ClientOps.Contains(op));
        WorkerState worker = workers[turn % workers.Count];
        ClientState client = clients[turn % clients.Count];
        try
        {
            for (int count = reader.ReadArrayHeader(); count > 0; count--)
            {
                now += 0.1;
                if (fromWorker)
                {
                    core.Receive(worker, ref reader, now);
                }
                else
                {
                    core.Receive(client, ref reader, now);
                }
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            core.AbandonCascade();
            if (fromWorker)
            {
                core.WorkerStreamEnded(worker, now);
                workers.Remove(worker);
                AddWorker($"w{++connections}", 1);
            }
            else
            {
                core.ClientStreamEnded(client, now);
                clients.Remove(client);
                clients.Add(core.AddClient($"client-{++connections}", connections, null, "", now));
            }
        }
    }

    /// <summary>A map: a request, or a graph.</summary>
    internal void Request(MessageReader reader)
    {
        now += 0.1;
        try
        {
            switch (Op(reader.Peek(), first: false))
            {
                case "update-graph" or "update-graph-hlg":
                    Submit(ref reader, clients[turn++ % clients.Count].ClientKey);
                    break;
                case "register-worker":
                    if (core.AddWorker(WorkerRegistration.Read(ref reader), ++connections, now, out WorkerState? ws) is null)
                    {
                        workers.RemoveAll(w => w.Address == ws!.Address);
                        workers.Add(ws!);
                    }
                    break;
                case "heartbeat_worker":
                    core.HeartbeatWorker(ref reader, now);
                    break;
                case { } op when Requests.Ops.Contains(op):
                    core.Ask(++requests, op, ref reader, now);
                    break;
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            core.AbandonCascade();
        }
    }

    /// <summary>Time passes, and everything goes out.</summary>
    internal void EndTurn()
    {
        now += 1;
        core.Tick(now);
        core.RunDeadlines(now);
        core.Outbox.Drain(Receive, _ => { });
        Invariants.CheckAll(core);
    }

    /// <summary>In the end nothing is left, unless the peers wanted it in names that stand for nobody.</summary>
    internal void EveryoneLeaves()
    {
        for (long number = 1; number <= requests; number++)
        {
            core.Withdraw(number, now);
        }
        foreach (ClientState client in clients)
        {
            core.ClientStreamEnded(client, now);
        }
        foreach (WorkerState worker in workers)
        {
            core.WorkerStreamEnded(worker, now);
        }
        EndTurn();
        if (core.Workers.Count > 0 || core.ProcessingCount > 0 || Math.Abs(core.Occupancy.Total) > 1e-9)
        {
            throw new InvalidDataException("something is left of workers that are gone");
        }
    }

    private void AddWorker(string name, int threads)
    {
        Message registration = new Message("register-worker")
            .With("address", $"tcp://{name}:1")
            .With("status", "running")
            .With("nthreads", (long)threads)
            .With("name", name)
            .With("now", now)
            .With("memory_limit", 1000L)
            .With("stimulus_id", "registration");
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(registration));
        var reader = new MessageReader(frames);
        core.AddWorker(WorkerRegistration.Read(ref reader), ++connections, now, out WorkerState? ws);
        workers.Add(ws!);
    }

    private void FromWorker(Message message)
    {
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        core.Receive(workers[0], ref reader, now);
    }

    private void Submit(Message message, string client)
    {
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        Submit(ref reader, client);
    }

    private void Submit(ref MessageReader reader, string client)
    {
        GraphUpdate update = GraphUpdate.Read(ref reader, client);
        core.BeginGraphUpdate();
        core.UpdateGraph(update, Vocabulary.Graph(core.Options.Dialect, turn++), now, now);
    }

    private void Receive(StreamPeer peer, MessageBatch batch)
    {
        byte[] transfer = Envelope.Frame(batch);
        core.Outbox.Return(batch);
        try
        {
            Envelope.Unpack(transfer).ForEach(message => message.Op.ToString());
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            throw new InvalidDataException($"{peer} got {Convert.ToHexString(transfer)}", error);
        }
    }

    private static string? Op(MessageReader reader, bool first)
    {
        try
        {
            if (first && reader.ReadArrayHeader() == 0)
            {
                return null;
            }
            for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
            {
                if (reader.ReadUtf8().SequenceEqual("op"u8))
                {
                    return reader.ReadString();
                }
                reader.Skip();
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
        }
        return null;
    }
}
