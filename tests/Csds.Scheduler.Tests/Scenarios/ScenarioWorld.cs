using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler.Tests.Scenarios.Verbs;
using Csds.Simulator.Wire;
using Xunit;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>A core with peers that have short names, and everything that comes out of it as text.</summary>
internal sealed class ScenarioWorld
{
    private readonly Dictionary<long, string> peerNames = [];
    private readonly List<string> output = [];
    private SchedulerState? state;
    private Snapshot last = Snapshot.Empty;
    private int storyLength;

    /// <summary>The settings; they take effect with the first command that needs the core.</summary>
    internal SchedulerOptions Options { get; set; } = new() { MemoryManagerStart = false };

    /// <summary>Decides where tasks run.</summary>
    internal ISchedulingPolicy Policy { get; set; } = new DaskPolicy();

    /// <summary>Seconds since 1970.</summary>
    internal double Now { get; set; } = 1000;

    /// <summary>Print every field of every message.</summary>
    internal bool AllFields { get; set; }

    /// <summary>Print the logged events too.</summary>
    internal SchedulerState State => state ??= new SchedulerState(Options with { TransitionLogLength = int.MaxValue }, Policy, Now);

    internal Dictionary<string, WorkerState> Workers { get; } = [];

    internal Dictionary<string, ClientState> Clients { get; } = [];

    /// <summary>The graph that is on its way, or was the last one.</summary>
    internal GraphArrival? Arrival { get; set; }

    /// <summary>How many steps of a graph's arrival are taken at once.</summary>
    internal int PartTasks { get; init; } = int.MaxValue;

    /// <summary>Retirements by the first worker's name.</summary>
    internal Dictionary<string, Retirement> Retirements { get; } = [];

    /// <summary>Runs commands and then drains what they have written, as the host does in one turn.</summary>
    internal IEnumerable<string> Turn(IEnumerable<Command> commands)
    {
        output.Clear();
        foreach (Command command in commands)
        {
            try
            {
                VerbTable.Find(command.Verb)(this, command);
            }
            catch (Exception error) when (MessageReader.IsProtocolError(error))
            {
                State.AbandonCascade();
                Print($"protocol error: {error.Message}");
            }
        }
        if (state is null)
        {
            return output;
        }
        State.Outbox.Drain(Receive, Perform);
        PrintTransitions();
        var now = Snapshot.Take(this);
        output.AddRange(now.ChangesSince(last));
        last = now;
        Invariants.CheckAll(State);
        return output;
    }

    internal void Print(string line) => output.Add(line);

    internal WorkerState Worker(string name) =>
        Workers.TryGetValue(name, out WorkerState? ws) ? ws : throw new FormatException($"no worker {name}");

    internal ClientState Client(string name) =>
        Clients.TryGetValue(name, out ClientState? cs) ? cs : throw new FormatException($"no client {name}");

    /// <summary>Gives a peer its stream, and the name that transcripts know it by.</summary>
    internal long Connect(string name)
    {
        long connection = peerNames.Count + 1;
        peerNames.Add(connection, name);
        return connection;
    }

    /// <summary>A worker's short name.</summary>
    internal string NameOf(WorkerState ws) => peerNames[ws.Connection];

    /// <summary>Texts that hold addresses, with short names in their place.</summary>
    internal string Shorten(string text)
    {
        foreach ((string name, WorkerState ws) in Workers)
        {
            text = text.Replace(ws.Address, name, StringComparison.Ordinal);
        }
        return text;
    }

    internal void FromWorker(string name, Message message)
    {
        using FrameGroup frames = Envelope.Cut(Envelope.Pack(message));
        var reader = new MessageReader(frames);
        reader.ReadArrayHeader();
        State.Receive(Worker(name), ref reader, Now);
        Assert.True(reader.End, $"{message.Op} was not read to its end");
    }

    internal void FromClient(string name, Message message)
    {
        using FrameGroup frames = Envelope.Cut(Envelope.Pack(message));
        var reader = new MessageReader(frames);
        reader.ReadArrayHeader();
        State.Receive(Client(name), ref reader, Now);
        Assert.True(reader.End, $"{message.Op} was not read to its end");
    }

    private void Receive(StreamPeer peer, MessageBatch batch)
    {
        if (peer is not (WorkerState or ClientState))
        {
            Envelope.UnpackValues(Envelope.Frame(batch))
                .ForEach(value => Print($"{peerNames[peer.Connection]} <- {Shorten(PythonText.Repr(value))}"));
            State.Outbox.Return(batch);
            return;
        }
        foreach (Message message in Envelope.Unpack(Envelope.Frame(batch)))
        {
            string text = AllFields ? message.ToString() : MessageText.Brief(message);
            Print($"{peerNames[peer.Connection]} <- {Shorten(text)}");
        }
        State.Outbox.Return(batch);
    }

    private void Perform(Effect effect) => Print(effect switch
    {
        LogLine line => $"log {line.Severity.ToString().ToLowerInvariant()}: {Shorten(line.Text)}",
        CloseStream close => $"close the stream of {peerNames[close.Connection]}",
        CloseScheduler close => $"close the scheduler: {close.Reason}",
        RestartWorkers late => $"restart {string.Join(' ', late.Workers.Select(NameOf))} ({Tokens.Text(late.StimulusId)})",
        Answer answer => Shorten($"answer {answer.Request}: {CoordinationVerbs.Text(answer.Value)}"),
        Refusal { Error: { } error } refusal => $"refusal {refusal.Request}: {error.Name}({error.Message})",
        _ => effect.ToString(),
    });

    // One line for each task that moved, in the order of the first move. A transition that happens within another is
    // logged before it.
    private void PrintTransitions()
    {
        var paths = new Dictionary<Key, List<TaskStateName>>();
        foreach (StoryEntry entry in State.Story.Entries.Skip(storyLength).Where(e => e.Start != e.Finish))
        {
            if (!paths.TryGetValue(entry.Key, out List<TaskStateName>? path))
            {
                paths[entry.Key] = path = [entry.Start];
            }
            bool within = path[^1] != entry.Start && path[^1] == entry.Finish;
            if (!within)
            {
                path.AddRange(path[^1] == entry.Start ? [entry.Finish] : [entry.Start, entry.Finish]);
            }
        }
        storyLength = State.Story.Count;
        output.AddRange(paths.Select(p => $"{MessageText.Name(p.Key)}: {string.Join(" -> ", p.Value.Select(s => s.ToText()))}"));
    }
}
