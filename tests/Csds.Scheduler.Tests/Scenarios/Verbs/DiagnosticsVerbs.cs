using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>What is remembered for those who look at the work.</summary>
internal static class DiagnosticsVerbs
{
    /// <summary><c>task-stream start=1000 stop=1001 count=2</c>, or <c>task-stream since=3</c>: the runs in full.</summary>
    internal static void TaskStream(ScenarioWorld world, Command command)
    {
        TaskStream stream = world.State.TaskStream;
        stream.Watch();
        IReadOnlyList<Opaque> runs = command.Int("since") is { } index
            ? stream.CollectSince(index)
            : stream.Collect(command.Double("start"), command.Double("stop"), (int?)command.Int("count"));
        world.Print(string.Create(CultureInfo.InvariantCulture, $"{runs.Count} of {stream.Count} runs, {stream.Index} in all"));
        foreach (Opaque run in runs)
        {
            world.Print(world.Shorten(CoordinationVerbs.Text(run)));
        }
    }

    /// <summary><c>event-stream</c>: prints what happens from here on, in words of the websocket's listeners.</summary>
    internal static void EventStream(ScenarioWorld world, Command command) => Scheduler.EventStream.Open(
        world.State, (name, data) => world.Print(world.Shorten($"event {name} {CoordinationVerbs.Text(data)}")));

    /// <summary><c>dump tasks workers exclude=key</c>: parts of a dump of the state.</summary>
    internal static void Dump(ScenarioWorld world, Command command)
    {
        var exclude = new HashSet<string>();
        if (command.Text("exclude") is { } excluded)
        {
            exclude.UnionWith(excluded.Split(','));
        }
        string[] parts = [.. command.Rest];
        foreach ((string name, DumpField<SchedulerState> write) in new StateDump(world.State, exclude).Fields())
        {
            if (parts.Contains(name))
            {
                var batch = new MessageBatch();
                MessageWriter w = batch.Single();
                write(world.State, ref w);
                w.End();
                world.Print(world.Shorten($"{name}: {CoordinationVerbs.Text(batch.ToOpaque())}"));
            }
        }
    }
}
