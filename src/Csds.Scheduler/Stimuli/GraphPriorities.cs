using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Gives tasks their priorities (rows S5, S77, S78): Dask's <c>_set_priorities</c>.</summary>
internal sealed class GraphPriorities(SchedulerState s, GraphUpdate update, GraphMaterialized graph, double start)
{
    private readonly double generation = GenerationOf(s, update, start);
    private readonly int[] orders = graph.OrderIsGiven ? graph.Order : s.Policy.Order(graph);

    internal void Set(TaskState ts, int number)
    {
        if (ts.Priority.IsSet || number >= graph.Count)
        {
            return;
        }
        double user = update.UserPriorities is { } byKey ? byKey.GetValueOrDefault(ts.Key) : update.UserPriority;
        user = ts.Details?.AnnotatedPriority ?? user;
        ts.Priority = new Priority(user == 0 ? 0 : -user, generation, number < orders.Length ? orders[number] : 0);
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
