using CsCheck;
using Csds.Protocol;
using Csds.Scheduler.Ordering;
using Xunit;

namespace Csds.Scheduler.Tests.Ordering;

/// <summary>What holds for all orders of all graphs.</summary>
public sealed class OrderTests
{
    [Fact]
    public void Every_task_comes_behind_its_dependencies() =>
        TestGraphs.Dependencies.Sample(
            dependencies => TestGraphs.Orders(dependencies).All(order => TestGraphs.IsOrder(dependencies, order)));

    [Fact]
    public void How_dependencies_are_listed_does_not_matter() =>
        TestGraphs.Dependencies.Sample(dependencies =>
        {
            int[][] listedOtherwise = [.. dependencies.Select(row => row.Reverse().Concat(row).ToArray())];
            return TestGraphs.Orders(dependencies).Zip(TestGraphs.Orders(listedOtherwise))
                .All(orders => orders.First.SequenceEqual(orders.Second));
        });

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(2000, 50)]
    [InlineData(1, 100_000)]
    public void Long_chains_are_ordered(int length, int chains)
    {
        int[][] dependencies =
            [.. Enumerable.Range(0, length * chains).Select(i => i < chains ? Array.Empty<int>() : [i - chains])];
        Assert.All(TestGraphs.Orders(dependencies), order => Assert.True(TestGraphs.IsOrder(dependencies, order)));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(20_000)]
    public void Numbers_of_paths_beyond_all_bounds_do_no_harm(int diamonds)
    {
        // 2 to the power of as many paths: a number of a few words, then one that is not worth its memory.
        var dependencies = new List<int[]> { Array.Empty<int>() };
        for (int i = 0; i < diamonds; i++)
        {
            int top = dependencies.Count - 1;
            dependencies.AddRange([[top], [top], [top + 1, top + 2]]);
        }
        int[][] rows = [.. dependencies];
        Assert.All(TestGraphs.Orders(rows), order => Assert.True(TestGraphs.IsOrder(rows, order)));
    }

    [Fact]
    public void An_empty_graph_has_an_empty_order() => Assert.All(TestGraphs.Orders([]), Assert.Empty);

    [Theory]
    [InlineData(2022, 12, 1, new[] { 0, 1, 2 })]
    [InlineData(2023, 12, 0, new[] { 0, 1, 2 })]
    [InlineData(2023, 12, 1, new[] { 2, 1, 0 })]
    [InlineData(2026, 7, 1, new[] { 2, 1, 0 })]
    public void The_release_decides(int year, int month, int patch, int[] expected)
    {
        // Independent tasks are run by name, since the rewrite from the last one down.
        var version = new DaskVersion(year, month, patch);
        Assert.Equal(expected, TaskOrder.Compute(version, TestGraphs.Create([[], [], []]), TestGraphs.Keys(3), []));
    }

    [Fact]
    public void Broken_graphs_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TestGraphs.Create([[1]]));
        Assert.Throws<ArgumentException>(() => new OrderGraph([0, 2], [0]));
        Assert.Throws<ArgumentException>(() => TestGraphs.Create([[]], isData: []));
    }
}
