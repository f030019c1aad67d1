using BenchmarkDotNet.Attributes;
using Csds.Protocol;
using Csds.Scheduler.Ordering;

namespace Csds.Benchmarks;

/// <summary><c>dask.order</c>, per task, as each of two generations has it.</summary>
public class OrderingBenchmarks
{
    private const int Tasks = (1 << 14) - 1;

    private Key[] keys = [];
    private OrderGraph graph = null!;

    /// <summary>A binary reduction, or products and their sum, or a chain.</summary>
    [Params("tree", "merge", "chain")]
    public string Shape { get; set; } = "";

    /// <summary>Whose order.</summary>
    [Params(2022, 2026)]
    public int Release { get; set; }

    /// <summary>Makes the graph.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        keys = [.. Enumerable.Range(0, Tasks).Select(i => Key.FromString($"task-{i:x8}"))];
        int[][] dependencies = [.. Enumerable.Range(0, Tasks).Select(DependenciesOf)];
        int[] offsets = new int[Tasks + 1];
        for (int i = 0; i < Tasks; i++)
        {
            offsets[i + 1] = offsets[i] + dependencies[i].Length;
        }
        graph = new OrderGraph(offsets, [.. dependencies.SelectMany(d => d)]);
    }

    /// <summary>One graph.</summary>
    [Benchmark(OperationsPerInvoke = Tasks)]
    public int[] Per_task() => TaskOrder.Compute(new DaskVersion(Release, Release == 2022 ? 12 : 7, 1), graph, keys, []);

    // In the tree, task 0 is the last one, and i's inputs are 2i + 1 and 2i + 2.
    private int[] DependenciesOf(int task) => Shape switch
    {
        "tree" => (2 * task) + 2 < Tasks ? [(2 * task) + 1, (2 * task) + 2] : [],
        "merge" => task == 0 ? [.. Enumerable.Range(1, Tasks - 1)] : [],
        _ => task + 1 < Tasks ? [task + 1] : [],
    };
}
