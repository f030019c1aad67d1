using System.Globalization;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Requests that the core serves itself, and stream messages with any fields.</summary>
internal static class CoordinationVerbs
{
    /// <summary><c>asks 1 lock_acquire name=x id=a timeout=5</c>: the request number 1.</summary>
    internal static void Ask(ScenarioWorld world, Command command)
    {
        long number = long.Parse(command.Take(), CultureInfo.InvariantCulture);
        string op = command.Take();
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(Fill(new Message(op), command)));
        var reader = new MessageReader(frames);
        world.State.Ask(number, op, ref reader, world.Now);
    }

    /// <summary><c>withdraw 1</c>: the connection of a request has ended.</summary>
    internal static void Withdraw(ScenarioWorld world, Command command) =>
        world.State.Withdraw(long.Parse(command.Take(), CultureInfo.InvariantCulture), world.Now);

    /// <summary><c>client-sends ann queue_release name=q</c></summary>
    internal static void ClientSends(ScenarioWorld world, Command command)
    {
        string client = command.Take();
        world.FromClient(client, Fill(new Message(command.Take()), command));
    }

    /// <summary><c>worker-sends a pubsub-add-subscriber name=t</c></summary>
    internal static void WorkerSends(ScenarioWorld world, Command command)
    {
        string worker = command.Take();
        world.FromWorker(worker, Fill(new Message(command.Take()), command));
    }

    /// <summary><c>deadlines</c>: what the host does when the time of the next deadline has come.</summary>
    internal static void Deadlines(ScenarioWorld world, Command command) => world.State.RunDeadlines(world.Now);

    /// <summary><c>coordination</c>: how much is there of everything, what is nowhere left out.</summary>
    internal static void Counts(ScenarioWorld world, Command command)
    {
        Scheduler.Coordination c = world.State.Coordination;
        (string What, int Count)[] counts =
        [
            ("requests", c.WaitingCount), ("awaited keys", c.AwaitedKeys.Count), ("flushes", c.Flushes.Count),
            ("locks", c.Locks.Count), ("semaphores", c.Semaphores.All.Count), ("multi-locks", c.MultiLocks.Count),
            ("events", c.Events.Count), ("queues", c.Queues.Count), ("futures in queues", c.Queues.FutureCount),
            ("variables", c.Variables.Count), ("futures handed out", c.Variables.Unconfirmed), ("datasets", c.Datasets.Count),
            ("topics", c.PubSub.Count), ("metadata", c.Metadata.Count), ("collectors", c.MetadataCollectors.Count),
            ("samplers", c.MemorySamplers.Count),
        ];
        world.Print("coordination: " + string.Join(", ", counts.Where(x => x.Count > 0).Select(x => $"{x.Count} {x.What}")));
        world.Print("clients: " + string.Join(", ", world.State.AllClients.Keys));
        world.Print($"next deadline: {world.State.NextDeadline?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
    }

    /// <summary><c>semaphores</c>: what the metrics say of them.</summary>
    internal static void Semaphores(ScenarioWorld world, Command command)
    {
        foreach (Semaphore x in world.State.Coordination.Semaphores.All)
        {
            world.Print(string.Create(CultureInfo.InvariantCulture,
                $"semaphore {x.Name}: {x.ActiveLeases} of {x.MaxLeases} leases, {x.PendingLeases} pending, "
                + $"acquired {x.AcquireTotal}, released {x.ReleaseTotal}, {x.AveragePendingLeaseTime:0.###} s"));
        }
    }

    /// <summary>A value as Python prints it.</summary>
    internal static string Text(Opaque value)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Add();
        w.Map(2);
        w.Field("op"u8, "value"u8);
        w.Field("value"u8, value);
        w.End();
        return PythonText.Repr(Envelope.Unpack(Envelope.Frame(batch))[0]["value"]);
    }

    private static Message Fill(Message message, Command command)
    {
        foreach ((string name, string value) in command.Options)
        {
            message.With(name, Literal.Parse(value));
        }
        return message;
    }
}
