using BenchmarkDotNet.Attributes;
using Csds.Policies;

namespace Csds.Benchmarks;

/// <summary>Transitions, placement and codec together, per task, without sockets: graph in, every task out and back.</summary>
public class EmbeddedBenchmarks
{
    private const int Tasks = 10_000;

    private readonly Dictionary<string, SubmittedGraph> graphs = new[] { "map-10000", "merge-9999" }.ToDictionary(g => g, SubmittedGraph.Read);
    private EmbeddedCluster cluster = null!;

    /// <summary>Number of workers: what a task costs must not depend on it.</summary>
    [Params(24, 3000)]
    public int Workers { get; set; }

    /// <summary>The graph.</summary>
    [Params("map-10000", "merge-9999")]
    public string Graph { get; set; } = "";

    /// <summary>Who places the tasks.</summary>
    [Params("dask")]
    public string Policy { get; set; } = "";

    /// <summary>A new scheduler for each run.</summary>
    [IterationSetup]
    public void Prepare() => cluster = new EmbeddedCluster(Workers, PolicyTable.Create(Policy)!);

    /// <summary>One graph.</summary>
    [Benchmark(OperationsPerInvoke = Tasks)]
    public void Per_task()
    {
        cluster.Compute(graphs[Graph]);
        if (cluster.Finished != Tasks)
        {
            throw new InvalidOperationException($"{cluster.Finished} tasks were finished");
        }
    }
}
