using Csds.Scheduler.Tests.Scenarios.Verbs;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>Does what a command says.</summary>
internal delegate void Verb(ScenarioWorld world, Command command);

/// <summary>Every word that a transcript may begin a line with.</summary>
internal static class VerbTable
{
    private static readonly Dictionary<string, Verb> verbs = new()
    {
        // The world.
        ["options"] = WorldVerbs.Options,
        ["fields"] = WorldVerbs.Fields,
        ["time"] = WorldVerbs.Time,
        ["tick"] = WorldVerbs.Tick,
        ["story"] = WorldVerbs.Story,
        ["stale"] = WorldVerbs.Stale,
        ["prefix"] = WorldVerbs.Prefix,
        ["idle-since"] = WorldVerbs.IdleSince,
        ["plugins"] = WorldVerbs.Plugins,

        // Workers come, change and go.
        ["worker"] = WorkerVerbs.Register,
        ["remove"] = WorkerVerbs.Remove,
        ["worker-stream-ended"] = WorkerVerbs.StreamEnded,
        ["heartbeat"] = WorkerVerbs.Heartbeat,
        ["status"] = WorkerVerbs.Status,

        // Workers leave in good order, or start anew; results move.
        ["retire"] = LifecycleVerbs.Retire,
        ["retired"] = LifecycleVerbs.Retired,
        ["restart"] = LifecycleVerbs.Restart,
        ["restart-workers"] = LifecycleVerbs.RestartWorkers,
        ["to-close"] = LifecycleVerbs.ToClose,
        ["rebalance"] = LifecycleVerbs.Rebalance,
        ["watch-workers"] = LifecycleVerbs.Watch,

        // Workers report about tasks.
        ["finished"] = ReportVerbs.Finished,
        ["erred"] = ReportVerbs.Erred,
        ["long-running"] = ReportVerbs.LongRunning,
        ["reschedule"] = ReportVerbs.Reschedule,
        ["add-keys"] = ReportVerbs.AddKeys,
        ["release-data"] = ReportVerbs.ReleaseData,
        ["request-who-has"] = ReportVerbs.RequestWhoHas,
        ["steal-response"] = ReportVerbs.StealResponse,
        ["worker-logs"] = ReportVerbs.LogEvent,
        ["from-worker"] = ReportVerbs.Raw,

        // Clients.
        ["client"] = ClientVerbs.Register,
        ["client-stream-ended"] = ClientVerbs.StreamEnded,
        ["close-client"] = ClientVerbs.Close,
        ["heartbeat-client"] = ClientVerbs.Heartbeat,
        ["wants"] = ClientVerbs.Wants,
        ["releases"] = ClientVerbs.Releases,
        ["report"] = ClientVerbs.Report,
        ["cancel"] = ClientVerbs.Cancel,
        ["retry"] = ClientVerbs.Retry,
        ["scatter"] = ClientVerbs.Scatter,
        ["subscribe"] = ClientVerbs.Subscribe,
        ["unsubscribe"] = ClientVerbs.Unsubscribe,
        ["client-logs"] = ClientVerbs.LogEvent,
        ["from-client"] = ClientVerbs.Raw,

        // Coordination.
        ["asks"] = CoordinationVerbs.Ask,
        ["withdraw"] = CoordinationVerbs.Withdraw,
        ["client-sends"] = CoordinationVerbs.ClientSends,
        ["worker-sends"] = CoordinationVerbs.WorkerSends,
        ["deadlines"] = CoordinationVerbs.Deadlines,
        ["coordination"] = CoordinationVerbs.Counts,
        ["semaphores"] = CoordinationVerbs.Semaphores,

        // P2P shuffles.
        ["shuffles"] = ShuffleVerbs.Shuffles,
        ["shuffle-inconsistent"] = ShuffleVerbs.Inconsistent,
        // Diagnostics.
        ["task-stream"] = DiagnosticsVerbs.TaskStream,
        ["event-stream"] = DiagnosticsVerbs.EventStream,
        ["dump"] = DiagnosticsVerbs.Dump,

        // Spans.
        ["spans"] = SpanVerbs.Spans,

        // Graphs.
        ["graph"] = GraphVerbs.Submit,
        ["goes-on"] = GraphVerbs.GoOn,
        ["graph-begins"] = GraphVerbs.Begin,
        ["graph-fails"] = GraphVerbs.Fail,
    };

    internal static Verb Find(string verb) =>
        verbs.GetValueOrDefault(verb) ?? throw new FormatException($"unknown verb {verb}");
}
