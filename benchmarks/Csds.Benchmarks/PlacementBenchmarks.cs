using BenchmarkDotNet.Attributes;
using Csds.Policies;

namespace Csds.Benchmarks;

/// <summary>The policies beside each other, per task: merge of 10,000 tasks on 168 workers.</summary>
public class PlacementBenchmarks
{
    private readonly SubmittedGraph graph = SubmittedGraph.Read("merge-9999");
    private EmbeddedCluster cluster = null!;

    /// <summary>All names.</summary>
    public static IEnumerable<string> Policies => PolicyTable.Names;

    /// <summary>Who places the tasks.</summary>
    [ParamsSource(nameof(Policies))]
    public string Policy { get; set; } = "";

    /// <summary>A new scheduler for each run.</summary>
    [IterationSetup]
    public void Prepare() => cluster = new EmbeddedCluster(168, PolicyTable.Create(Policy)!);

    /// <summary>One graph.</summary>
    [Benchmark(OperationsPerInvoke = 10_000)]
    public void Per_task() => cluster.Compute(graph);
}
