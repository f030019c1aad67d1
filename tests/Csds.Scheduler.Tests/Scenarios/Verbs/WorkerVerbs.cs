using Csds.Protocol;
using Csds.Simulator.Wire;
using Xunit;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Workers come, change and go.</summary>
internal static class WorkerVerbs
{
    /// <summary><c>worker a threads=2 memory=100 resources=GPU:1 host=h name=n status=paused nanny=tcp://h:2</c></summary>
    internal static void Register(ScenarioWorld world, Command command)
    {
        string name = command.Take();
        Message message = new Message("register-worker")
            .With("address", $"tcp://{command.Text("host") ?? name}:{command.Text("port") ?? "1"}")
            .With("status", command.Text("status") ?? "running")
            .With("server_id", $"Worker-{name}")
            .With("nthreads", command.Int("threads") ?? 1)
            .With("name", command.Text("name") is { } given ? ParseName(given) : name)
            .With("now", world.Now)
            .With("resources", command.Amounts("resources") ?? [])
            .With("memory_limit", command.Int("memory"))
            .With("local_directory", "/scratch")
            .With("services", new PythonDict())
            .With("nanny", command.Text("nanny"))
            .With("pid", 7)
            .With("versions", new PythonDict())
            .With("metrics", Metrics(command))
            .With("extra", new PythonDict())
            .With("stimulus_id", $"worker-connect-{name}");
        if (world.Options.Dialect.WorkersRegisterKeys)
        {
            message.With("keys", command.TakeKeys()).With("nbytes", new PythonDict()).With("types", new PythonDict());
        }
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        WorkerRegistration registration = WorkerRegistration.Read(ref reader);
        long connection = world.Connect(name);
        if (world.State.AddWorker(registration, connection, world.Now, out WorkerState? ws) is { } refusal)
        {
            world.Print($"refused{(refusal.Raise ? " by an exception" : "")}: {world.Shorten(refusal.Message)}");
            return;
        }
        foreach (string former in world.Workers.Where(w => w.Value.Address == ws!.Address).Select(w => w.Key).ToArray())
        {
            world.Workers.Remove(former);
        }
        world.Workers[name] = ws!;
    }

    /// <summary><c>remove a [expected] [keep-open]</c></summary>
    internal static void Remove(ScenarioWorld world, Command command)
    {
        WorkerState ws = world.Worker(command.Take());
        byte[] stimulus = Tokens.String("remove-it");
        world.State.RemoveWorker(ws, stimulus, command.Has("expected"), !command.Has("keep-open"), world.Now);
    }

    /// <summary><c>worker-stream-ended a</c></summary>
    internal static void StreamEnded(ScenarioWorld world, Command command) =>
        world.State.WorkerStreamEnded(world.Worker(command.Take()), world.Now);

    /// <summary><c>heartbeat a executing=x:3 memory=100 bandwidth=1e6 shuffle=s span=1</c></summary>
    internal static void Heartbeat(ScenarioWorld world, Command command)
    {
        string name = command.Take();
        var executing = new PythonDict();
        foreach (string item in command.Items("executing"))
        {
            string[] parts = item.Split(':');
            executing.With(Command.ParseKey(parts[0]), Command.Number(parts[1]));
        }
        string address = world.Workers.TryGetValue(name, out WorkerState? ws) ? ws.Address : $"tcp://{name}:1";
        Message message = new Message("heartbeat_worker")
            .With("address", address)
            .With("now", world.Now)
            .With("metrics", Metrics(command))
            .With("executing", executing)
            .With("extensions", Extensions(command));
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        if (!world.State.HeartbeatWorker(ref reader, world.Now))
        {
            world.Print("missing");
        }
        Assert.True(reader.End);
    }

    /// <summary><c>status a paused</c></summary>
    internal static void Status(ScenarioWorld world, Command command) =>
        world.FromWorker(command.Take(), new Message("worker-status-change")
            .With("status", command.Take())
            .With("stimulus_id", "worker-status-change"));

    private static PythonDict Metrics(Command command) => new PythonDict()
        .With("memory", command.Int("rss") ?? 0)
        .With("cpu", 1.5)
        .With("spilled_bytes", new PythonDict().With("memory", 0).With("disk", 0))
        .With("bandwidth", new PythonDict()
            .With("total", command.Double("bandwidth") ?? 0)
            .With("workers", new PythonDict())
            .With("types", new PythonDict()))
        .With("digests_total_since_heartbeat", new PythonDict()
            .With(new List<object?> { "execute", "x", "thread-cpu", "seconds" }, 0.25))
        .With(new List<object?> { "execute", "x", "thread-cpu", "seconds" }, 0.25);

    private static PythonDict Extensions(Command command)
    {
        var extensions = new PythonDict();
        if (command.Text("shuffle") is { } id)
        {
            extensions.With("shuffle", new PythonDict().With(id, new PythonDict().With("start", 1.5)));
        }
        if (command.Text("span") is { } span)
        {
            extensions.With("spans", new PythonDict()
                .With(new List<object?> { "execute", span, "x", "thread-cpu", "seconds" }, 0.25)
                .With(new List<object?> { "execute", span, "x", "disk-write", "count" }, 2));
        }
        return extensions;
    }

    private static object ParseName(string name) => long.TryParse(name, out long number) ? number : name;
}
