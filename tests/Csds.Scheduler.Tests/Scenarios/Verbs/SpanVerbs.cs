using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Spans.</summary>
internal static class SpanVerbs
{
    /// <summary><c>spans</c>: all of them, with what workers have measured.</summary>
    internal static void Spans(ScenarioWorld world, Command command)
    {
        // Ids by default are as long as they are meaningless.
        foreach (Span span in world.State.Spans.All.OrderBy(span => span.Enqueued).ThenBy(span => span.Id, StringComparer.Ordinal))
        {
            string id = span.Id.Length > 8 ? span.Id[..8] : span.Id;
            string parent = span.Parent is null ? "" : $" in {span.Parent.Id}";
            world.Print($"span {id}{parent}: {string.Join('/', span.Name)}{(span.Done ? ", done" : "")}{Metrics(span.CumulativeWorkerMetrics)}");
        }
        world.Print($"all workers{Metrics(world.State.CumulativeWorkerMetrics)}");
    }

    private static string Metrics(IReadOnlyDictionary<Key, double> metrics) =>
        string.Concat(metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $", {m.Key.Repr()}: {m.Value}")));
}
