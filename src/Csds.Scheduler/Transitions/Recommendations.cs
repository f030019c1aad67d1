using System.Runtime.InteropServices;

namespace Csds.Scheduler;

/// <summary>
/// Transitions that should happen next: Dask's dictionary of recommendations (row S8). The last added is taken first;
/// recommending another state for a task that is waiting keeps its place. The order in which tasks are sent follows
/// from this.
/// </summary>
internal sealed class Recommendations
{
    private readonly List<(TaskState? Task, TaskStateName State)> items = [];
    private readonly List<(TaskState Task, TaskStateName State)> made = [];

    /// <summary>What was recommended since the last one was taken out, for the story.</summary>
    internal ReadOnlySpan<(TaskState Task, TaskStateName State)> Made => CollectionsMarshal.AsSpan(made);

    /// <summary>Nothing is recommended.</summary>
    internal bool IsEmpty => items.Count == 0;

    /// <summary>Recommends that <paramref name="ts"/> go to <paramref name="state"/>.</summary>
    internal void Add(TaskState ts, TaskStateName state)
    {
        made.Add((ts, state));
        if (ts.RecommendationSlot > 0)
        {
            items[ts.RecommendationSlot - 1] = (ts, state);
            return;
        }
        items.Add((ts, state));
        ts.RecommendationSlot = items.Count;
    }

    /// <summary>What is recommended for <paramref name="ts"/>, if anything.</summary>
    internal TaskStateName? Of(TaskState ts) => ts.RecommendationSlot > 0 ? items[ts.RecommendationSlot - 1].State : null;

    /// <summary>Takes a recommendation back.</summary>
    internal void Remove(TaskState ts)
    {
        if (ts.RecommendationSlot > 0)
        {
            items[ts.RecommendationSlot - 1] = default;
            ts.RecommendationSlot = 0;
        }
    }

    /// <summary>Takes the last one out.</summary>
    internal bool TryPop(out TaskState ts, out TaskStateName state)
    {
        made.Clear();
        while (items.Count > 0)
        {
            (TaskState? task, state) = items[^1];
            items.RemoveAt(items.Count - 1);
            if (task is not null)
            {
                task.RecommendationSlot = 0;
                ts = task;
                return true;
            }
        }
        ts = null!;
        state = default;
        return false;
    }

    /// <summary>Drops everything, after a fault.</summary>
    internal void Clear()
    {
        while (TryPop(out _, out _))
        {
        }
    }
}
