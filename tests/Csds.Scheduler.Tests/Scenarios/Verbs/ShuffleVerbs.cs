using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>P2P shuffles.</summary>
internal static class ShuffleVerbs
{
    /// <summary><c>shuffles</c>: the runs that are under way, and how much else is known.</summary>
    internal static void Shuffles(ScenarioWorld world, Command command)
    {
        Scheduler.Coordination c = world.State.Coordination;
        foreach (ShuffleRun run in c.Shuffles.Active)
        {
            string output = string.Join(", ", run.Partitions.Zip(run.WorkerFor, (p, w) => $"{p} on {w}"));
            string told = run.Heartbeats.Count > 0 ? $", heard of {string.Join(' ', run.Heartbeats.Keys)}" : "";
            world.Print(world.Shorten($"run {run.RunId} of {run.Id}: with {string.Join(' ', run.Participants)}, output {output}{told}"));
        }
        int known = world.Options.Dialect.RestartsShuffles ? c.Shuffles.Known : c.LegacyShuffles.Count;
        world.Print(string.Create(CultureInfo.InvariantCulture, $"shuffles known: {known}"));
    }

    /// <summary><c>shuffle-inconsistent s</c>: input of different runs has met at the barrier.</summary>
    internal static void Inconsistent(ScenarioWorld world, Command command) =>
        world.State.RestartInconsistentShuffle(Key.FromString(command.Take()), world.Now);
}
