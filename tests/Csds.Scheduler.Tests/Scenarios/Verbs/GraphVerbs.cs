using System.Text;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>
/// Clients submit graphs. The lines below <c>graph ann want=z</c> are tasks: <c>z: x y workers=a retries=2</c>. The
/// order of the lines is the static order. <c>shuffle-barrier-s: x y shuffle=2</c> is the barrier of a P2P shuffle with two
/// output partitions.
/// </summary>
internal static class GraphVerbs
{
    /// <summary>
    /// <c>graph ann want=x,y priority=1 actors=yes fifo=60 submitting=t given-order=yes part=1</c>. With <c>part</c> only as
    /// many steps are taken; <c>goes-on</c> takes more.
    /// </summary>
    internal static void Submit(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        List<Command> tasks = [.. command.Body.Select(line => new Command(line))];
        string[] wanted = command.Items("want");
        GraphUpdate update = ReadUpdate(world, command, client, tasks);
        GraphMaterialized graph = update.InGivenOrder(Materialize(world.Options.Dialect, tasks, wanted));
        if (!command.Has("begun"))
        {
            world.State.BeginGraphUpdate();
        }
        world.Arrival = new GraphArrival(world.State, update, graph, command.Double("start") ?? world.Now, world.Now);
        GoOn(world, command);
    }

    /// <summary><c>goes-on part=1</c>: the graph that is on its way. Without <c>part</c> it arrives.</summary>
    internal static void GoOn(ScenarioWorld world, Command command)
    {
        GraphArrival arrival = world.Arrival ?? throw new FormatException("no graph is on its way");
        if (command.Int("part") is { } steps)
        {
            string progress = arrival.Advance(world.Now, (int)steps) ? "the graph is on its way" : "the graph has arrived";
            world.Print(progress + (world.State.Outbox.IsHeld ? ", messages had better wait" : ""));
            return;
        }
        while (arrival.Advance(world.Now, world.PartTasks))
        {
        }
    }

    /// <summary><c>graph-begins</c>: one is being expanded.</summary>
    internal static void Begin(ScenarioWorld world, Command command) => world.State.BeginGraphUpdate();

    /// <summary><c>graph-fails ann want=x,y error=Boom</c></summary>
    internal static void Fail(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        GraphUpdate update = ReadUpdate(world, command, client, []);
        Opaque exception = Opaque.FromBytes(Encoding.ASCII.GetBytes(command.Text("error") ?? "Boom"));
        world.State.BeginGraphUpdate();
        world.State.GraphFailed(update, new Failure(exception, null, "no such module", null), world.Now);
    }

    private static GraphUpdate ReadUpdate(ScenarioWorld world, Command command, string client, List<Command> tasks)
    {
        bool packed = world.Options.Dialect.PackedGraphs;
        List<object?> keys = [.. command.Items("want").Select(Command.ParseKey)];
        Message message = new Message(packed ? "update-graph-hlg" : "update-graph")
            .With("keys", packed ? keys : new PythonSet(keys))
            .With(packed ? "priority" : "internal_priority", command.Has("given-order") ? Order(tasks) : null)
            .With("submitting_task", command.Text("submitting") is { } parent ? Command.ParseKey(parent) : null)
            .With("fifo_timeout", command.Text("fifo") ?? "60s")
            .With("user_priority", command.Int("priority") ?? 0)
            .With("actors", command.Text("actors") switch
            {
                null => null,
                "all" => true,
                { } some => some.Split(',').Select(Command.ParseKey).ToList(),
            })
            .With("annotations", new PythonDict());
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        return GraphUpdate.Read(ref reader, client);
    }

    // A client may bring the order along: here the reverse of the lines.
    private static PythonDict Order(List<Command> tasks)
    {
        var order = new PythonDict();
        for (int i = 0; i < tasks.Count; i++)
        {
            order.With(Command.ParseKey(tasks[i].Verb.TrimEnd(':')), tasks.Count - i);
        }
        return order;
    }

    private static GraphMaterialized Materialize(Dialect dialect, List<Command> tasks, string[] wanted)
    {
        string[] names = [.. tasks.Select(t => t.Verb.TrimEnd(':'))];
        var numbers = new List<string>(names);
        int NumberOf(string name)
        {
            int number = numbers.IndexOf(name);
            if (number < 0)
            {
                number = numbers.Count;
                numbers.Add(name);
            }
            return number;
        }
        var offsets = new List<int> { 0 };
        var dependencies = new List<int>();
        foreach (Command task in tasks)
        {
            dependencies.AddRange(task.Arguments.Where(a => !flags.ContainsKey(a)).Select(NumberOf));
            offsets.Add(dependencies.Count);
        }
        int[] requested = [.. wanted.Select(NumberOf)];
        return new GraphMaterialized
        {
            Keys = [.. names.Select(Command.ToKey)],
            External = [.. numbers.Skip(names.Length).Select(Command.ToKey)],
            DependencyOffsets = [.. offsets],
            Dependencies = [.. dependencies],
            RunSpecs = [.. names.Select(name => RunSpecOf(dialect, name))],
            Flags = [.. tasks.Select(FlagsOf)],
            Annotations = Annotate(tasks),
            Shuffles = ShufflesOf(tasks),
            Requested = requested,
            Order = [.. Enumerable.Range(0, names.Length)],
        };
    }

    private static readonly Dictionary<string, GraphTaskFlags> flags = new() { ["producer"] = GraphTaskFlags.DataProducer };

    private static GraphTaskFlags FlagsOf(Command task) =>
        task.Arguments.Aggregate(GraphTaskFlags.None, (all, word) => all | flags.GetValueOrDefault(word));

    private static Dictionary<int, ShuffleSpec> ShufflesOf(List<Command> tasks)
    {
        var shuffles = new Dictionary<int, ShuffleSpec>();
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i].Int("shuffle") is { } partitions)
            {
                string id = tasks[i].Verb.TrimEnd(':')["shuffle-barrier-".Length..];
                shuffles.Add(i, new ShuffleSpec
                {
                    Id = Key.FromString(id),
                    Pickle = Encoding.ASCII.GetBytes("spec of " + id),
                    Partitions = [.. Enumerable.Range(0, (int)partitions).Select(p => Message.ToKey((long)p))],
                    Places = [.. Enumerable.Range(0, (int)partitions)],
                    Scale = (int)partitions,
                });
            }
        }
        return shuffles;
    }

    private static RunSpec RunSpecOf(Dialect dialect, string name)
    {
        byte[] code = Encoding.ASCII.GetBytes("run " + name);
        if (!dialect.SplitRunSpecs)
        {
            byte[] frame = Payload.PickledFrame(code);
            return RunSpec.FromPickle(frame, 0, frame.Length);
        }
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(2);
        w.Text("function"u8);
        w.Bytes(code);
        w.Text("args"u8);
        w.Bytes("args"u8);
        w.End();
        return RunSpec.FromPacked(batch.ToOpaque());
    }

    // As from a client: equal ones are one object.
    private static TaskAnnotations?[] Annotate(List<Command> tasks)
    {
        Key[] maps = [.. tasks.Select(task => Message.ToKey(AnnotationsOf(task)))];
        var different = maps.Distinct(KeyComparer.Instance).ToDictionary(
            map => map, map => TaskAnnotations.Decode(new Opaque(map.Token.ToArray())), KeyComparer.Instance);
        return [.. maps.Select(map => different[map])];
    }

    private static PythonDict AnnotationsOf(Command task)
    {
        var dict = new PythonDict();
        if (task.Text("workers") is not null)
        {
            dict.With("workers", task.Items("workers").Cast<object?>().ToList());
        }
        if (task.Text("others") == "allowed")
        {
            dict.With("allow_other_workers", true);
        }
        if (task.Amounts("resources") is { } resources)
        {
            dict.With("resources", resources);
        }
        if (task.Text("span") is not null)
        {
            // Of span outer:1,inner:2 the task belongs to the inner one.
            string[][] path = [.. task.Items("span").Select(part => part.Split(':'))];
            dict.With("span", new PythonDict()
                .With("name", path.Select(part => (object?)part[0]).ToList())
                .With("ids", path.Select(part => (object?)part[1]).ToList()));
        }
        if (task.Int("partition") is { } partition)
        {
            dict.With("shuffle", partition);
        }
        if (task.Int("priority") is { } priority)
        {
            dict.With("priority", priority);
        }
        if (task.Int("retries") is { } retries)
        {
            dict.With("retries", retries);
        }
        return dict;
    }
}
