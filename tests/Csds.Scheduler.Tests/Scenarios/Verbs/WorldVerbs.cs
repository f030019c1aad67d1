using System.Globalization;
using Csds.Policies;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Settings, the clock, and looks into the state.</summary>
internal static class WorldVerbs
{
    /// <summary><c>options dialect=2022.12.1 saturation=inf ...</c>; before everything else.</summary>
    internal static void Options(ScenarioWorld world, Command command)
    {
        SchedulerOptions defaults = world.Options;
        world.Options = defaults with
        {
            Dialect = DaskVersion.TryParse(command.Text("dialect")) is { } version ? new Dialect(version) : defaults.Dialect,
            WorkerSaturation = command.Double("saturation") ?? defaults.WorkerSaturation,
            AllowedFailures = (int)(command.Int("allowed-failures") ?? defaults.AllowedFailures),
            WorkerTtl = command.Double("worker-ttl") ?? defaults.WorkerTtl,
            IdleTimeout = command.Double("idle-timeout"),
            NoWorkersTimeout = command.Double("no-workers-timeout"),
            UnknownTaskDuration = command.Double("unknown-duration") ?? defaults.UnknownTaskDuration,
            EventsCleanupDelay = command.Double("events-cleanup-delay") ?? defaults.EventsCleanupDelay,
            MemoryManagerStart = command.Text("memory-manager") == "on",
            MemoryManagerInterval = command.Double("memory-manager-interval") ?? defaults.MemoryManagerInterval,
            MemoryManagerPolicies = command.Text("policies") is null ? defaults.MemoryManagerPolicies : command.Items("policies"),
            MemoryManagerMeasure = command.Text("measure") ?? defaults.MemoryManagerMeasure,
            RebalanceMeasure = command.Text("measure") ?? defaults.RebalanceMeasure,
            TaskStreamLength = (int)(command.Int("task-stream-length") ?? defaults.TaskStreamLength),
            MemoryTerminate = command.Text("memory-terminate") != "off",
            Seed = (int)(command.Int("seed") ?? defaults.Seed),
            Validate = true,
        };
        world.Policy = PolicyTable.Create(command.Text("policy") ?? PolicyTable.Default)!;
    }

    /// <summary><c>fields all</c> or <c>fields brief</c>.</summary>
    internal static void Fields(ScenarioWorld world, Command command) => world.AllFields = command.Take() == "all";

    /// <summary><c>time +5</c></summary>
    internal static void Time(ScenarioWorld world, Command command) => world.Now += Command.Number(command.Take());

    /// <summary><c>tick</c></summary>
    internal static void Tick(ScenarioWorld world, Command command) => world.State.Tick(world.Now);

    /// <summary><c>story x</c>: every transition of a task.</summary>
    internal static void Story(ScenarioWorld world, Command command)
    {
        Key key = Command.ToKey(command.Take());
        foreach (StoryEntry entry in world.State.Story.Of([key], []))
        {
            world.Print(world.Shorten(entry.ToString()));
        }
    }

    /// <summary><c>stale</c>: what came too late, counted.</summary>
    internal static void Stale(ScenarioWorld world, Command command)
    {
        foreach ((string reason, long count) in world.State.Stale.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            world.Print($"stale {reason}: {count}");
        }
    }

    /// <summary><c>prefix x</c>: what is known of a kind of tasks.</summary>
    internal static void Prefix(ScenarioWorld world, Command command)
    {
        string name = command.Take();
        TaskPrefix prefix = world.State.Tasks.Prefixes.Single(p => p.Name == name);
        string types = string.Join(' ', prefix.Types.Select(t => $"{t.Key}:{t.Value}"));
        string actions = string.Join(' ', prefix.AllDurations.Select(d => $"{d.Key}:{d.Value}us"));
        world.Print(string.Create(
            CultureInfo.InvariantCulture,
            $"prefix {name}: {prefix.Size} tasks, average {prefix.DurationAverage}, longest {prefix.MaxExecTime}, "
            + $"{prefix.NBytesTotal} bytes, {prefix.Suspicious} suspicious, types [{types}], spent [{actions}]"));
    }

    /// <summary><c>plugins P transition,add_worker</c>: from now on, P hears of these; of nothing without any.</summary>
    internal static void Plugins(ScenarioWorld world, Command command)
    {
        long connection = world.Connect(command.Take());
        PluginHooks hooks = command.Items("hooks").Aggregate(PluginHooks.None, (all, name) => all | PluginReports.Parse(name));
        world.State.ReportToPlugins(connection, hooks);
    }

    /// <summary><c>idle-since</c></summary>
    internal static void IdleSince(ScenarioWorld world, Command command) =>
        world.Print($"idle since {world.State.IdleSince?.ToString(CultureInfo.InvariantCulture) ?? "never"}");
}
