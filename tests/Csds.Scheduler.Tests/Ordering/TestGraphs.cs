using CsCheck;
using Csds.Protocol;
using Csds.Scheduler.Ordering;

namespace Csds.Scheduler.Tests.Ordering;

/// <summary>Makes graphs for tests.</summary>
internal static class TestGraphs
{
    /// <summary>Dependencies of graphs with few tasks and any shape, in any order, without cycles.</summary>
    internal static Gen<int[][]> Dependencies { get; } =
        Gen.Int[0, 14].SelectMany(count => Gen.Select(
            Gen.Shuffle(Enumerable.Range(0, count).ToArray()),
            Gen.Int[0, 1000].Array[3].Array[count],
            (names, picks) => Shuffled(names, picks)));

    internal static OrderGraph Create(int[][] dependencies, int externalCount = 0, bool[]? isData = null)
    {
        int[] offsets = new int[dependencies.Length + 1];
        for (int i = 0; i < dependencies.Length; i++)
        {
            offsets[i + 1] = offsets[i] + dependencies[i].Length;
        }
        return new OrderGraph(offsets, [.. dependencies.SelectMany(row => row)], externalCount, isData);
    }

    internal static Key[] Keys(int count) => [.. Enumerable.Range(0, count).Select(i => Key.FromString($"('x', {i})"))];

    /// <summary>Orders a graph as each of the releases that differ would.</summary>
    internal static IEnumerable<int[]> Orders(int[][] dependencies)
    {
        Key[] keys = Keys(dependencies.Length);
        DaskVersion[] versions = [new(2022, 12, 1), new(2024, 12, 1), new(2026, 7, 1)];
        return versions.Select(version => TaskOrder.Compute(version, Create(dependencies), keys, []));
    }

    /// <summary>Whether each task has a place of its own, behind those of its dependencies.</summary>
    internal static bool IsOrder(int[][] dependencies, int[] places) =>
        places.Order().SequenceEqual(Enumerable.Range(0, places.Length))
        && dependencies.Index().All(task => task.Item.All(dependency => places[dependency] < places[task.Index]));

    private static int[][] Shuffled(int[] names, int[][] picks)
    {
        int[][] dependencies = new int[names.Length][];
        for (int i = 0; i < names.Length; i++)
        {
            // Large picks mean none: otherwise nearly all graphs would hang together.
            dependencies[names[i]] = [.. picks[i].Where(p => p < 600 && i > 0).Select(p => names[p % i]).Distinct()];
        }
        return dependencies;
    }
}
