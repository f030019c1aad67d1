using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Gives tasks their priorities (rows S5, S77, S78): Dask's <c>_set_priorities</c>.</summary>
internal static class GraphPriorities
{
    internal static void Set(SchedulerState s, GraphUpdate update, GraphMerge merge, double start)
    {
        double generation = GenerationOf(s, update, start);
        GraphMaterialized graph = merge.Graph;
        int[] orders = s.Policy.Order(graph);
        foreach (int number in merge.TouchedNumbers)
        {
            TaskState ts = merge.StateOf(number)!;
            if (ts.Priority.IsSet || !TryOrder(update, graph, orders, number, out int order))
            {
                continue;
            }
            double user = update.UserPriorities is { } byKey ? byKey.GetValueOrDefault(ts.Key) : update.UserPriority;
            user = ts.Details?.AnnotatedPriority ?? user;
            ts.Priority = new Priority(user == 0 ? 0 : -user, generation, order);
        }
    }

    private static bool TryOrder(GraphUpdate update, GraphMaterialized graph, int[] orders, int number, out int order)
    {
        if (update.InternalPriority is { } given && given.TryGetValue(graph.KeyOf(number), out order))
        {
            return true;
        }
        order = number < orders.Length ? orders[number] : 0;
        return number < graph.Count;
    }

    // Tasks that a task submits come before their parent; graphs that come later come after the earlier ones, except
    // shortly after.
    private static double GenerationOf(SchedulerState s, GraphUpdate update, double start)
    {
        if (!update.SubmittingTask.IsNone)
        {
            TaskState? parent = s.Tasks.Find(update.SubmittingTask);
            return parent is null ? s.Generation : parent.Priority.First - 0.01;
        }
        if (s.LastGraphTime + update.FifoTimeout < start)
        {
            s.Generation++;
            s.LastGraphTime = start;
        }
        return s.Generation;
    }
}
