using Csds.Policies;
using Csds.Protocol;
using Csds.Simulator.Wire;
using Xunit;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>
/// A core with a few workers, clients and tasks, and everything that might happen to it next: peers that finish, fail,
/// come, go, and report what is long over.
/// </summary>
internal sealed partial class SmallWorld
{
    private static readonly byte[] stimulus = Tokens.String("small");

    private readonly List<(WorkerState Worker, Key Key, long Run)> sent = [];
    private readonly List<WorkerState> workers = [];
    private readonly List<Retirement> retirements = [];
    private readonly List<ClientState> clients = [];
    private readonly Action<StreamPeer, MessageBatch> receive;
    private readonly GraphMaterialized materialized;
    private readonly GraphUpdate[] updates;
    private readonly WorldRules rules;
    private int workersAdded;

    internal SmallWorld(SmallGraph graph, WorldRules rules, Action<StreamPeer, MessageBatch>? receive = null)
    {
        this.rules = rules;
        this.receive = receive ?? ((_, _) => { });
        State = new SchedulerState(rules.Options, PolicyTable.Create(rules.Policy)!, 1000);
        Keys = [.. Enumerable.Range(0, graph.Count).Select(i => Key.FromString(rules.OneGroup ? $"t-{i}" : $"{(char)('t' + i)}"))];
        materialized = Materialize(graph);
        updates = new GraphUpdate[rules.Clients];
        for (int i = 0; i < rules.Workers; i++)
        {
            Join();
        }
        for (int i = 0; i < rules.Clients; i++)
        {
            clients.Add(State.AddClient($"client-{i}", 100 + i, null, "", 1000));
            updates[i] = new GraphUpdate { Client = $"client-{i}", Keys = [.. graph.Wanted.Select(n => Keys[n])] };
            Submit(i);
        }
        Settle();
    }

    internal SchedulerState State { get; }

    internal Key[] Keys { get; }

    /// <summary>What might happen next, in an order that the same history always gives.</summary>
    internal List<Step> Steps()
    {
        var steps = new List<Step>();
        foreach ((WorkerState ws, Key key, long run) in sent)
        {
            steps.Add(new Step(() => $"finish {key} run {run} on {ws.Name}", () => Report(ws, key, run, erred: false)));
            steps.Add(new Step(() => $"err {key} run {run} on {ws.Name}", () => Report(ws, key, run, erred: true)));
        }
        AddWorkerSteps(steps);
        AddClientSteps(steps);
        if (rules.Replicas)
        {
            AddReplicaSteps(steps);
        }
        if (rules.Oddities)
        {
            AddOddSteps(steps);
        }
        if (rules.Retirements)
        {
            AddRetirementSteps(steps);
        }
        return steps;
    }

    /// <summary>Takes in what came of a step: messages are drained, runs that were sent are noted.</summary>
    internal void Settle()
    {
        State.Outbox.Drain(
            (peer, batch) =>
            {
                receive(peer, batch);
                State.Outbox.Return(batch);
            },
            _ => { });
        foreach (Key key in Keys)
        {
            if (State.Tasks.Find(key) is { ProcessingOn: { } ws } ts && !sent.Contains((ws, key, ts.RunId)))
            {
                sent.Add((ws, key, ts.RunId));
            }
        }
    }

    /// <summary>
    /// Lets every run come to its end. Then everything that somebody wants is there or has failed; when the clients
    /// have released it, nothing is left.
    /// </summary>
    internal void RunToTheEnd()
    {
        foreach (WorkerState ws in workers)
        {
            State.WorkerStatusChange(ws, WorkerStatus.Running, stimulus);
        }
        if (workers.Count == 0)
        {
            Join();
        }
        Settle();
        for (int round = 0; round < 10 * Keys.Length; round++)
        {
            foreach (Key key in Keys)
            {
                if (State.Tasks.Find(key) is { ProcessingOn: { } ws } ts)
                {
                    Report(ws, key, ts.RunId, erred: false);
                    Settle();
                }
            }
        }
        foreach (ClientState cs in clients)
        {
            foreach (TaskState ts in cs.WantsWhat)
            {
                Assert.True(ts.State is TaskStateName.Memory or TaskStateName.Erred, $"{ts} is wanted, and nothing happens");
            }
        }
        Invariants.CheckAll(State);
        foreach (ClientState cs in clients.ToArray())
        {
            State.ClientStreamEnded(cs, 1000);
        }
        CheckNothingLeft();
    }

    private void CheckNothingLeft()
    {
        // Data that came from outside, and that no client ever wanted, is nobody's to release.
        Assert.All(State.Tasks.Tasks, ts => Assert.True(ts.RunSpec.IsNone && ts.State == TaskStateName.Memory, $"{ts} is left"));
        Invariants.CheckAll(State);
        Assert.Equal(0, State.Occupancy.Total, 6);
        Assert.Equal(0, State.ProcessingCount);
        Assert.Empty(State.Queued);
        Assert.True(State.Unrunnable.IsEmpty);
        foreach (WorkerState ws in workers)
        {
            Assert.Empty(ws.NeedsWhat);
            Assert.True(ws.Actors.IsEmpty);
        }
    }

    private void Join()
    {
        string name = $"w{workersAdded++}";
        var registration = new WorkerRegistration { Address = $"tcp://{name}:1", Name = Key.FromString(name), NThreads = rules.Threads };
        State.AddWorker(registration, workersAdded, 1000, out WorkerState? ws);
        workers.Add(ws!);
    }

    private void Submit(int client)
    {
        State.BeginGraphUpdate();
        State.UpdateGraph(updates[client], materialized, 1000, 1000);
    }

    private GraphMaterialized Materialize(SmallGraph graph)
    {
        var offsets = new List<int> { 0 };
        foreach (int[] dependencies in graph.Dependencies)
        {
            offsets.Add(offsets[^1] + dependencies.Length);
        }
        byte[] code = Payload.PickledFrame("code"u8);
        RunSpec spec = rules.Options.Dialect.SplitRunSpecs
            ? RunSpec.FromFields(new Opaque(new byte[] { 0x80 }))
            : RunSpec.FromPickle(code, 0, code.Length);
        return new GraphMaterialized
        {
            Keys = Keys,
            DependencyOffsets = [.. offsets],
            Dependencies = [.. graph.Dependencies.SelectMany(d => d)],
            RunSpecs = [.. Keys.Select(_ => spec)],
            Flags = [.. Keys.Select(_ => rules.Producers ? GraphTaskFlags.DataProducer : GraphTaskFlags.None)],
            Requested = graph.Wanted,
            Order = [.. Enumerable.Range(0, graph.Count)],
        };
    }
}
