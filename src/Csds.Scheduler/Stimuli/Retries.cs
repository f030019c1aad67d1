using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>A client asks to run failed tasks again (row R11).</summary>
public static class Retries
{
    /// <summary>Dask's <c>stimulus_retry</c>: runs again what failed first; answers every key that was looked at.</summary>
    public static IReadOnlyCollection<Key> Retry(this SchedulerState s, IReadOnlyCollection<Key> keys, string? client, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        s.Now = now;
        s.Outbox.Log(LogSeverity.Info, $"Client {client} requests to retry {keys.Count} keys");
        if (client is not null)
        {
            s.LogEvent([client], 2, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "retry"u8);
                w.Field("count"u8, keys.Count);
            });
        }
        (List<TaskState> roots, HashSet<TaskState> seen) = FindRoots(s, keys);
        foreach (TaskState ts in roots)
        {
            s.Recommendations.Add(ts, TaskStateName.Waiting);
        }
        byte[] stimulus = s.Stimulus("stimulus-retry");
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
        s.CheckInvariants();
        return [.. seen.Select(ts => ts.Key)];
    }

    /// <summary>The keys that <see cref="Retry"/> would look at: the given ones and what made them fail.</summary>
    public static IReadOnlyCollection<Key> KeysToRetry(this SchedulerState s, IReadOnlyCollection<Key> keys)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        return [.. FindRoots(s, keys).Seen.Select(ts => ts.Key)];
    }

    private static (List<TaskState> Roots, HashSet<TaskState> Seen) FindRoots(SchedulerState s, IReadOnlyCollection<Key> keys)
    {
        var stack = new Stack<TaskState>(keys.Select(s.Tasks.Find).OfType<TaskState>());
        var seen = new HashSet<TaskState>();
        var roots = new List<TaskState>();
        while (stack.TryPop(out TaskState? ts))
        {
            if (!seen.Add(ts))
            {
                continue;
            }
            bool root = true;
            foreach (TaskState dts in ts.Dependencies)
            {
                if (dts.State == TaskStateName.Erred)
                {
                    stack.Push(dts);
                    root = false;
                }
            }
            if (root)
            {
                roots.Add(ts);
            }
        }
        return (roots, seen);
    }
}
