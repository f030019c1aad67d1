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
}
