using System.Text;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Workers report about tasks and data. Without <c>run=</c> a report is about the current run.</summary>
internal static class ReportVerbs
{
    /// <summary><c>finished a x bytes=8 seconds=0.1 run=3 metadata={"a":1}</c></summary>
    internal static void Finished(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        string key = command.Take();
        Message message = New(world, command, "task-finished", key, runIds: world.Options.Dialect.RunIds)
            .With("nbytes", command.Int("bytes") ?? 8)
            .With("type", "pickled type"u8.ToArray())
            .With("typename", command.Text("type") ?? "int")
            .With("metadata", command.Text("metadata") is { } metadata ? Literal.Parse(metadata) : new PythonDict())
            .With("thread", 1)
            .With("startstops", StartStops(world, command.Double("seconds") ?? 0.1))
            .With("status", "OK");
        world.FromWorker(worker, message);
    }

    /// <summary><c>erred a x error=Boom run=3 seconds=0.1</c>; without seconds it is not said when it ran.</summary>
    internal static void Erred(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        string key = command.Take();
        string error = command.Text("error") ?? "Boom";
        Message message = New(world, command, "task-erred", key, runIds: world.Options.Dialect.RunIds)
            .With("exception", Serialized(error))
            .With("traceback", Serialized("traceback of " + error))
            .With("exception_text", $"{error}()")
            .With("traceback_text", "line 1")
            .With("thread", 1)
            .With("startstops", command.Double("seconds") is { } seconds ? StartStops(world, seconds) : [])
            .With("status", "error");
        world.FromWorker(worker, message);
    }

    /// <summary><c>long-running a x seconds=0.5</c></summary>
    internal static void LongRunning(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        string key = command.Take();
        world.FromWorker(worker, New(world, command, "long-running", key, world.Options.Dialect.LongRunningRunIds)
            .With("compute_duration", command.Double("seconds")));
    }

    /// <summary><c>reschedule a x</c></summary>
    internal static void Reschedule(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        world.FromWorker(worker, New(world, command, "reschedule", command.Take(), runIds: false));
    }

    /// <summary><c>add-keys a x y</c></summary>
    internal static void AddKeys(ScenarioWorld world, Command command) => Keys(world, command, "add-keys");

    /// <summary><c>release-data a x</c></summary>
    internal static void ReleaseData(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        world.FromWorker(worker, New(world, command, "release-worker-data", command.Take(), runIds: false));
    }

    /// <summary><c>request-who-has a x y</c></summary>
    internal static void RequestWhoHas(ScenarioWorld world, Command command) => Keys(world, command, "request-refresh-who-has");

    /// <summary><c>steal-response a x ready request=steal-0</c>; without a state the worker does not know the task.</summary>
    internal static void StealResponse(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        world.FromWorker(worker, new Message("steal-response")
            .With("key", Command.ParseKey(command.Take()))
            .With("state", command.Rest.FirstOrDefault())
            .With("stimulus_id", command.Text("request") ?? "steal-0"));
    }

    /// <summary><c>worker-logs a topic text</c>: an event that is a dict.</summary>
    internal static void LogEvent(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        world.FromWorker(worker, new Message("log-event")
            .With("topic", command.Take())
            .With("msg", new PythonDict().With("text", command.Take())));
    }

    /// <summary><c>from-worker a op name=value</c>: a message with text in its fields, right or wrong.</summary>
    internal static void Raw(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        var message = new Message(command.Take());
        foreach (string field in command.Rest)
        {
            message.With(field, "text");
        }
        world.FromWorker(worker, message);
    }

    private static List<object?> StartStops(ScenarioWorld world, double seconds) =>
        [new PythonDict().With("action", "compute").With("start", world.Now - seconds).With("stop", world.Now)];

    private static void Keys(ScenarioWorld world, Command command, string op)
    {
        string worker = command.Take();
        world.FromWorker(worker, new Message(op).With("keys", command.TakeKeys()).With("stimulus_id", op + "-1"));
    }

    private static Message New(ScenarioWorld world, Command command, string op, string key, bool runIds)
    {
        var message = new Message(op).With("key", Command.ParseKey(key));
        if (runIds)
        {
            long current = world.State.Tasks.Find(Command.ToKey(key))?.RunId ?? 0;
            message.With("run_id", command.Int("run") ?? current);
        }
        return message.With("stimulus_id", $"{op}-{world.Now}");
    }

    private static Opaque Serialized(string text) => Payload.Serialized(Encoding.ASCII.GetBytes(text));
}
