using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Clients come, want, cancel and go.</summary>
internal static class ClientVerbs
{
    /// <summary><c>client ann</c>, or <c>client ann-again id=ann</c></summary>
    internal static void Register(ScenarioWorld world, Command command)
    {
        string name = command.Take();
        long connection = world.Connect(name);
        world.Clients[name] = world.State.AddClient(command.Text("id") ?? name, connection, null, command.Text("warning") ?? "", world.Now);
    }

    /// <summary><c>client-stream-ended ann</c></summary>
    internal static void StreamEnded(ScenarioWorld world, Command command) =>
        world.State.ClientStreamEnded(world.Client(command.Take()), world.Now);

    /// <summary><c>close-client ann</c></summary>
    internal static void Close(ScenarioWorld world, Command command) =>
        world.FromClient(command.Take(), new Message("close-client"));

    /// <summary><c>heartbeat-client ann</c></summary>
    internal static void Heartbeat(ScenarioWorld world, Command command) =>
        world.FromClient(command.Take(), new Message("heartbeat-client"));

    /// <summary><c>wants ann x y as=queue-1</c></summary>
    internal static void Wants(ScenarioWorld world, Command command) => Keys(world, command, "client-desires-keys");

    /// <summary><c>releases ann x y as=queue-1</c></summary>
    internal static void Releases(ScenarioWorld world, Command command) => Keys(world, command, "client-releases-keys");

    /// <summary><c>report ann x</c></summary>
    internal static void Report(ScenarioWorld world, Command command) =>
        world.FromClient(command.Take(), new Message("report-key").With("key", Command.ParseKey(command.Take())));

    /// <summary><c>cancel ann x force=yes reason=r message=m</c></summary>
    internal static void Cancel(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        bool force = command.Text("force") == "yes";
        if (!world.Options.Dialect.CancelledKeys)
        {
            // An RPC until 2023.3.
            world.State.Cancel([.. command.Rest.Select(Command.ToKey)], client, force, null, null, world.Now);
            return;
        }
        Message message = new Message("cancel-keys").With("keys", command.TakeKeys()).With("force", force);
        if (world.Options.Dialect.CancelReasons)
        {
            message.With("reason", command.Text("reason") ?? "user").With("msg", command.Text("message"));
        }
        world.FromClient(client, message);
    }

    /// <summary><c>retry ann x</c></summary>
    internal static void Retry(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        IReadOnlyCollection<Key> touched = world.State.Retry([.. command.Rest.Select(Command.ToKey)], client, world.Now);
        world.Print($"touched {string.Join(' ', touched.Select(MessageText.Name))}");
    }

    /// <summary><c>scatter ann x on=a,b bytes=8</c></summary>
    internal static void Scatter(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        object? key = Command.ParseKey(command.Take());
        List<object?> holders = [.. command.Items("on").Select(w => world.Workers[w].Address)];
        var nbytes = new PythonDict();
        if (command.Int("bytes") is { } bytes)
        {
            nbytes.With(key, bytes);
        }
        world.FromClient(client, new Message("update-data")
            .With("who_has", new PythonDict().With(key, holders))
            .With("nbytes", nbytes)
            .With("client", command.Text("for") is "nobody" ? null : client));
    }

    /// <summary><c>subscribe ann topic</c></summary>
    internal static void Subscribe(ScenarioWorld world, Command command) => Topic(world, command, "subscribe-topic");

    /// <summary><c>unsubscribe ann topic</c></summary>
    internal static void Unsubscribe(ScenarioWorld world, Command command) => Topic(world, command, "unsubscribe-topic");

    /// <summary><c>client-logs ann topic text</c></summary>
    internal static void LogEvent(ScenarioWorld world, Command command) =>
        world.FromClient(command.Take(), new Message("log-event").With("topic", command.Take()).With("msg", command.Take()));

    /// <summary><c>from-client ann op field</c>: a message with text in its fields, right or wrong.</summary>
    internal static void Raw(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        var message = new Message(command.Take());
        foreach (string field in command.Rest)
        {
            message.With(field, "text");
        }
        world.FromClient(client, message);
    }

    private static void Keys(ScenarioWorld world, Command command, string op)
    {
        string client = command.Take();
        world.FromClient(client, new Message(op)
            .With("keys", command.TakeKeys())
            .With("client", command.Text("as") ?? client));
    }

    private static void Topic(ScenarioWorld world, Command command, string op)
    {
        string client = command.Take();
        world.FromClient(client, new Message(op).With("topic", command.Take()).With("client", client));
    }
}
