using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Graphs that need keys which neither they nor the state have (row S73): results that were released or lost between
/// the client's decision and the graph's arrival.
/// </summary>
internal static class LostDependencies
{
    /// <summary>
    /// Gives up what cannot be computed; answers the wanted keys that are left, or null if nothing of the graph may go on.
    /// </summary>
    internal static IReadOnlyList<int>? Resolve(
        SchedulerState s, ClientState client, GraphUpdate update, GraphMaterialized graph, byte[] stimulus)
    {
        if (Array.TrueForAll(graph.External, key => s.Tasks.Find(key) is not null))
        {
            return graph.Requested;
        }
        bool[] lost = Find(s, graph);
        if (s.Options.Dialect.PackedGraphs)
        {
            // A wanted key that is not in the graph is waited for, as if somebody else would submit it.
            CancelEach(s, client, graph, lost, stimulus);
            return Array.FindAll(graph.Requested, number => number >= graph.Count || !lost[number]);
        }
        int[] wanted = Array.FindAll(graph.Requested, number => lost[number]);
        if (wanted.Length == 0)
        {
            return graph.Requested;
        }
        foreach (int number in wanted)
        {
            s.Outbox.Log(LogSeverity.Info, $"User asked for computation on lost data. Final key is {graph.KeyOf(number)}");
        }
        // 2024 cancels what is missing as well.
        bool all = s.Options.Dialect.ExpressionGraphs;
        IEnumerable<int> missing = Enumerable.Range(graph.Count, graph.External.Length).Where(number => lost[number]);
        Key[] keys = all ? update.Keys : [.. wanted.Union(missing).Select(graph.KeyOf)];
        s.Outbox.To(client).CancelledKeys(keys, s.Options.Dialect, "lost dependencies");
        s.ClientReleasesKeys(keys, client, stimulus);
        return all ? null : Array.FindAll(graph.Requested, number => !lost[number]);
    }

    // What is missing, and everything in the graph that needs it.
    private static bool[] Find(SchedulerState s, GraphMaterialized graph)
    {
        var lost = new bool[graph.Count + graph.External.Length];
        var work = new Stack<int>();
        for (int i = 0; i < graph.External.Length; i++)
        {
            if (s.Tasks.Find(graph.External[i]) is null)
            {
                lost[graph.Count + i] = true;
                work.Push(graph.Count + i);
            }
        }
        List<int>[] dependents = Dependents(graph);
        while (work.TryPop(out int number))
        {
            foreach (int dependent in dependents[number])
            {
                if (!lost[dependent])
                {
                    lost[dependent] = true;
                    work.Push(dependent);
                }
            }
        }
        return lost;
    }

    private static List<int>[] Dependents(GraphMaterialized graph)
    {
        var dependents = new List<int>[graph.Count + graph.External.Length];
        for (int number = 0; number < dependents.Length; number++)
        {
            dependents[number] = [];
        }
        for (int number = 0; number < graph.Count; number++)
        {
            foreach (int dependency in graph.DependenciesOf(number))
            {
                dependents[dependency].Add(number);
            }
        }
        return dependents;
    }

    private static void CancelEach(
        SchedulerState s, ClientState client, GraphMaterialized graph, bool[] lost, byte[] stimulus)
    {
        for (int number = 0; number < graph.Count; number++)
        {
            if (lost[number])
            {
                Key key = graph.Keys[number];
                s.Outbox.Log(LogSeverity.Info, $"User asked for computation on lost data, {key}");
                s.Outbox.To(client).CancelledKeys([key], s.Options.Dialect);
                s.ClientReleasesKeys([key], client, stimulus);
            }
        }
    }
}
