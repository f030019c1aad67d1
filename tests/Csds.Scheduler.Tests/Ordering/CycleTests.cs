using System.Text.Json;
using Csds.Scheduler.Ordering;
using Xunit;

namespace Csds.Scheduler.Tests.Ordering;

public sealed class CycleTests
{
    [Fact]
    public void The_cycle_that_Dask_reports_is_found()
    {
        foreach (JsonElement line in RecordedGraph.Lines("cycles"))
        {
            int[][] dependencies = [.. line.GetProperty("deps").EnumerateArray().Select(RecordedGraph.Numbers)];
            OrderGraph graph = TestGraphs.Create(dependencies);
            int[] cycle = RecordedGraph.Numbers(line.GetProperty("cycle"));
            Assert.Equal(cycle, Topology.FindCycle(graph.Dependencies, graph.Dependents));
        }
    }

    [Fact]
    public void Orders_of_cycles_do_not_exist()
    {
        var exception = Assert.Throws<GraphCycleException>(() => TestGraphs.Orders([[1], [2], [0], [0]]).ToList());
        Assert.Equal(exception.Cycle[0], exception.Cycle[^1]);
        Assert.Throws<GraphCycleException>(() => TestGraphs.Orders([[1], [2], [0], [0]]).Last());
    }

    [Fact]
    public void A_long_cycle_takes_no_stack()
    {
        const int Length = 100_000;
        int[][] dependencies = [.. Enumerable.Range(0, Length).Select(i => new[] { (i + 1) % Length })];
        var exception = Assert.Throws<GraphCycleException>(() => TestGraphs.Orders(dependencies).ToList());
        Assert.Equal(Length + 1, exception.Cycle.Count);
    }
}
