using CsCheck;
using Csds.Scheduler.Ordering;
using Xunit;

namespace Csds.Scheduler.Tests.Ordering;

public sealed class ConnectedEndsTests
{
    [Fact]
    public void Leaves_of_roots_are_found() =>
        TestGraphs.Dependencies.Sample(dependencies =>
        {
            OrderGraph graph = TestGraphs.Create(dependencies);
            ConnectedEnds leaves = Find(graph, maxLiveRuns: int.MaxValue);
            for (int node = 0; node < dependencies.Length; node++)
            {
                HashSet<int> expected = LeavesOf(node, graph.Dependents);
                Assert.Equal(expected.Count, leaves.Counts[node]);
                if (dependencies[node].Length == 0)
                {
                    List<int> found = [];
                    foreach ((int start, int end) in leaves.Runs(node))
                    {
                        found.AddRange(leaves.Ends[start..end]);
                    }
                    Assert.Equal(expected.Order(), found.Order());
                }
            }
        });

    [Fact]
    public void Of_a_tangled_graph_nothing_is_known()
    {
        // Roots and leaves are connected so irregularly that no numbering makes runs of it.
        IEnumerable<int[]> leafRows =
            Enumerable.Range(0, 30).Select(i => new[] { i * 7 % 30, i * 11 % 30, i * 13 % 30 });
        int[][] dependencies = [.. Enumerable.Repeat(Array.Empty<int>(), 30), .. leafRows];
        ConnectedEnds leaves = Find(TestGraphs.Create(dependencies), maxLiveRuns: 10);
        Assert.All(leaves.Counts, count => Assert.Equal(0, count));
        Assert.True(leaves.Runs(0).IsEmpty);
    }

    [Fact]
    public void The_tree_of_leaves_knows_the_best() =>
        Gen.Select(
            Gen.Int[1, 20],
            Gen.Select(Gen.Int[0, 19], Gen.Int[0, 19], Gen.Int[-3, 3], Gen.Bool).Array).Sample((count, steps) =>
        {
            int[] numbers = [.. Enumerable.Range(0, count).Select(i => i * 7 % 5)];
            int[] ranks = [.. Enumerable.Range(0, count).Select(i => (i + 3) % count)];
            bool[] marked = new bool[count];
            var tree = new LeafTree(numbers, ranks);
            foreach ((int a, int b, int amount, bool mark) in steps)
            {
                int start = Math.Min(a, b) % count, end = Math.Max(start, Math.Max(a, b) % count) + 1;
                tree.Add(start, end, amount);
                foreach (ref int number in numbers.AsSpan(start..end))
                {
                    number += amount;
                }
                if (mark)
                {
                    tree.Mark(start);
                    marked[start] = true;
                    tree.Add(start, 2);
                    numbers[start] += 2;
                }
                int[] smallest = [.. Enumerable.Range(0, count).Where(i => numbers[i] == numbers.Min())];
                Assert.Equal(numbers.Min(), tree.Min);
                Assert.Equal(smallest.Min(i => ranks[i]), tree.Best);
                int bestMarked = smallest.Where(i => marked[i]).Select(i => ranks[i]).DefaultIfEmpty(-1).Min();
                Assert.Equal(bestMarked, tree.BestMarked);
            }
        });

    private static ConnectedEnds Find(OrderGraph graph, int maxLiveRuns)
    {
        int[] order = Topology.Sort(graph.Dependencies, graph.Dependents);
        Array.Reverse(order);
        return ConnectedEnds.Find(graph.Dependents, graph.Dependencies, order, keepFar: true, maxLiveRuns);
    }

    /// <summary>Leaves that a node leads to; a leaf itself leads to none.</summary>
    private static HashSet<int> LeavesOf(int node, Rows dependents)
    {
        var leaves = new HashSet<int>();
        foreach (int dependent in dependents[node])
        {
            if (dependents.Length(dependent) == 0)
            {
                leaves.Add(dependent);
            }
            leaves.UnionWith(LeavesOf(dependent, dependents));
        }
        return leaves;
    }
}
