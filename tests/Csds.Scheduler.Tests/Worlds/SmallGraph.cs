namespace Csds.Scheduler.Tests.Worlds;

/// <summary>A graph of a few tasks; task i may depend on tasks before it.</summary>
/// <param name="Dependencies">Numbers of the dependencies of each task.</param>
/// <param name="Wanted">Numbers of the tasks that the client wants.</param>
internal sealed record SmallGraph(int[][] Dependencies, int[] Wanted)
{
    /// <summary>Number of tasks.</summary>
    internal int Count => Dependencies.Length;

    /// <summary>Every graph of exactly <paramref name="tasks"/> tasks, all of which the wanted ones need.</summary>
    internal static IEnumerable<SmallGraph> All(int tasks)
    {
        var choices = new Choices();
        while (choices.Next())
        {
            var dependencies = new int[tasks][];
            for (int i = 0; i < tasks; i++)
            {
                dependencies[i] = [.. Enumerable.Range(0, i).Where(_ => choices.Pick(2) == 1)];
            }
            int[] wanted = [.. Enumerable.Range(0, tasks).Where(_ => choices.Pick(2) == 1)];
            var graph = new SmallGraph(dependencies, wanted);
            if (graph.IsNeeded())
            {
                yield return graph;
            }
        }
    }

    /// <summary>Makes a graph of any numbers, for random tests.</summary>
    internal static SmallGraph FromNumbers(int tasks, IReadOnlyList<int> numbers)
    {
        int Number(int i) => numbers.Count == 0 ? 0 : numbers[i % numbers.Count];
        int[][] dependencies = [.. Enumerable.Range(0, tasks)
            .Select(i => Enumerable.Range(0, i).Where(j => (Number((i * tasks) + j) & 3) == 0).ToArray())];
        int[] wanted = [.. Enumerable.Range(0, tasks).Where(i => i == tasks - 1 || (Number(i) & 4) == 0)];
        return new SmallGraph(dependencies, wanted);
    }

    public override string ToString() =>
        string.Join("; ", Dependencies.Select((d, i) => $"{i}: {string.Join(' ', d)}")) + $" want {string.Join(' ', Wanted)}";

    private bool IsNeeded()
    {
        var needed = new HashSet<int>(Wanted);
        for (int i = Count - 1; i >= 0; i--)
        {
            if (!needed.Contains(i))
            {
                return false;
            }
            needed.UnionWith(Dependencies[i]);
        }
        return true;
    }
}
