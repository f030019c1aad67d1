using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// Walks over the edges of a graph in an order in which levels can be counted: O(tasks + edges), without recursion.
/// External tasks are no part of the graph, and a task does not depend on itself.
/// </summary>
internal static class GraphLevels
{
    /// <summary>Visits the edges of a task after those of every task that depends on it.</summary>
    internal static void VisitDependentsFirst(GraphMaterialized graph, Action<int, int> visit)
    {
        int[] sorted = Sort(graph);
        for (int i = 0; i < sorted.Length; i++)
        {
            Visit(graph, sorted[i], visit);
        }
    }

    /// <summary>Visits the edges of a task after those of everything that it depends on.</summary>
    internal static void VisitDependenciesFirst(GraphMaterialized graph, Action<int, int> visit)
    {
        int[] sorted = Sort(graph);
        for (int i = sorted.Length - 1; i >= 0; i--)
        {
            Visit(graph, sorted[i], visit);
        }
    }

    private static void Visit(GraphMaterialized graph, int task, Action<int, int> visit)
    {
        foreach (int dependency in graph.DependenciesOf(task))
        {
            if (dependency < graph.Count && dependency != task)
            {
                visit(task, dependency);
            }
        }
    }

    // Dependents before dependencies. Tasks of a cycle are left out: Dask refuses such graphs where it orders them.
    private static int[] Sort(GraphMaterialized graph)
    {
        var dependents = new int[graph.Count];
        var sorted = new List<int>(graph.Count);
        Action<int, int> count = (_, dependency) => dependents[dependency]++;
        Action<int, int> release = (_, dependency) =>
        {
            if (--dependents[dependency] == 0)
            {
                sorted.Add(dependency);
            }
        };
        for (int task = 0; task < graph.Count; task++)
        {
            Visit(graph, task, count);
        }
        for (int task = 0; task < graph.Count; task++)
        {
            if (dependents[task] == 0)
            {
                sorted.Add(task);
            }
        }
        for (int i = 0; i < sorted.Count; i++)
        {
            Visit(graph, sorted[i], release);
        }
        return [.. sorted];
    }
}
