using Csds.Policies;
using Csds.Protocol;
using Csds.Simulator.Wire;
using CsCheck;

namespace Csds.Scheduler.Tests.Policies;

/// <summary>What policies promise and transcripts cannot show.</summary>
public static class PolicyTests
{
    // 6 <- 2, 6 <- 4, 2 <- 0, 2 <- 1, 4 <- 1, 4 <- 3, 5 <- 4: RSDS's example, a graph of seven tasks with two ends.
    private static readonly int[][] seven = [[], [], [0, 1], [], [1, 3], [4], [2, 4, 7]];

    /// <summary>Every policy can be chosen by the name that it has.</summary>
    [Fact]
    public static void Names_are_those_of_the_policies()
    {
        Assert.Equal(["dask", "random", "round-robin", "least-occupancy", "b-level", "t-level"], PolicyTable.Names);
        Assert.All(PolicyTable.Names, name => Assert.Equal(name, PolicyTable.Create(name)!.Name));
        Assert.Null(PolicyTable.Create("nonsense"));
    }

    /// <summary>First what is farthest from the end; of equal ones, what dask.order says.</summary>
    [Fact]
    public static void B_level_counts_from_the_ends() =>
        Assert.Equal([2, 1, 4, 0, 3, 6, 5], new BLevelPolicy().Order(Graph(seven, [6, 5, 4, 3, 2, 1, 0])));

    /// <summary>First what is nearest to a beginning.</summary>
    [Fact]
    public static void T_level_counts_from_the_beginnings() =>
        Assert.Equal([0, 1, 3, 2, 4, 5, 6], new TLevelPolicy().Order(Graph(seven, [])));

    /// <summary>An order that puts dependencies first, whatever the graph: every task has a place of its own.</summary>
    [Fact]
    public static void Levels_put_dependencies_first() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 1 << 20].Array[40]).Sample((count, bits) =>
        {
            int[] Of(int task) => [.. Enumerable.Range(0, task).Where(other => (bits[task] >> (other % 20) & 3) == 3)];
            int[][] dependencies = [.. Enumerable.Range(0, count).Select(Of)];
            GraphMaterialized graph = Graph(dependencies, []);
            foreach (LevelPolicy policy in new LevelPolicy[] { new BLevelPolicy(), new TLevelPolicy() })
            {
                int[] order = policy.Order(graph);
                Assert.Equal(Enumerable.Range(0, count), order.Order());
                for (int task = 0; task < count; task++)
                {
                    Assert.All(dependencies[task], dependency => Assert.True(order[dependency] < order[task]));
                }
            }
        });

    /// <summary>A graph so long that recursion would not come to its end, and one that depends on itself.</summary>
    [Fact]
    public static void Levels_of_odd_graphs()
    {
        int[][] chain = [.. Enumerable.Range(0, 200_000).Select(i => i == 0 ? Array.Empty<int>() : [i - 1])];
        Assert.Equal(Enumerable.Range(0, 200_000), new BLevelPolicy().Order(Graph(chain, [])));
        Assert.Equal(Enumerable.Range(0, 200_000), new TLevelPolicy().Order(Graph(chain, [])));
        Assert.Equal([0, 1], new BLevelPolicy().Order(Graph([[0], [1]], [])));
        Assert.Equal(2, new TLevelPolicy().Order(Graph([[1], [0]], [])).Length);
    }

    /// <summary>The seed decides, and nothing else.</summary>
    [Fact]
    public static void Random_follows_its_seed()
    {
        Assert.Equal(Places("random", seed: 1), Places("random", seed: 1));
        Assert.NotEqual(Places("random", seed: 1), Places("random", seed: 2));
    }

    /// <summary>Every worker gets its share: 300 of 3000 tasks, six standard deviations up or down.</summary>
    [Fact]
    public static void Random_is_fair()
    {
        IEnumerable<int> shares = Places("random", seed: 5).CountBy(place => place).Select(p => p.Value);
        Assert.Equal(10, shares.Count());
        Assert.All(shares, share => Assert.InRange(share, 200, 400));
    }

    /// <summary>More workers than it compares: nobody gets a second task before everybody has one.</summary>
    [Fact]
    public static void Least_occupancy_fills_all_workers() =>
        Assert.Equal(100, Places("least-occupancy", seed: 0, workers: 100, tasks: 100).Distinct().Count());

    /// <summary>Where the tasks of a graph without dependencies go, in the order of their keys, without a queue.</summary>
    private static string[] Places(string policy, int seed, int workers = 10, int tasks = 3000)
    {
        var options = new SchedulerOptions { Seed = seed, WorkerSaturation = double.PositiveInfinity };
        var state = new SchedulerState(options, PolicyTable.Create(policy)!, 1000);
        for (int i = 0; i < workers; i++)
        {
            Assert.Null(state.AddWorker(new() { Address = $"tcp://w{i}:1", Name = Key.FromString($"w{i}"), NThreads = 1 }, i, 1000, out _));
        }
        state.AddClient("ann", 1_000_000, null, "", 1000);
        GraphMaterialized graph = Graph([.. Enumerable.Repeat(Array.Empty<int>(), tasks)], []);
        state.BeginGraphUpdate();
        state.UpdateGraph(new GraphUpdate { Client = "ann", Keys = graph.Keys }, graph, 1000, 1000);
        Invariants.CheckAll(state);
        return [.. graph.Keys.Select(key => state.Tasks.Find(key)!.ProcessingOn!.Address)];
    }

    // Numbers beyond the tasks are external ones.
    internal static GraphMaterialized Graph(int[][] dependencies, int[] order)
    {
        int[] offsets = new int[dependencies.Length + 1];
        for (int i = 0; i < dependencies.Length; i++)
        {
            offsets[i + 1] = offsets[i] + dependencies[i].Length;
        }
        byte[] code = Payload.PickledFrame("code"u8);
        return new GraphMaterialized
        {
            // Of different groups: none of them is root-ish.
            Keys = [.. dependencies.Select((_, i) => Key.FromString($"{(char)('a' + (i % 26))}{i}x"))],
            External = [Key.FromString("external")],
            DependencyOffsets = offsets,
            Dependencies = [.. dependencies.SelectMany(d => d)],
            RunSpecs = [.. dependencies.Select(_ => RunSpec.FromPickle(code, 0, code.Length))],
            Requested = [.. Enumerable.Range(0, dependencies.Length)],
            Order = order,
        };
    }
}
