namespace Csds.Scheduler;

/// <summary>Which workers can go at little cost (rows R40, S56): Dask's <c>workers_to_close</c>.</summary>
public static class WorkersToClose
{
    private const double DefaultMemoryRatio = 2;

    /// <summary>The workers, group by group, those that cost least first.</summary>
    /// <param name="s">The state.</param>
    /// <param name="request">How many.</param>
    /// <param name="groupOf">
    /// Workers with equal values go together, those with null must not go; null: all may go, each for itself.
    /// </param>
    public static IReadOnlyList<WorkerState> FindWorkersToClose(
        this SchedulerState s, DownscalingRequest request, Func<WorkerState, object?>? groupOf = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(request);
        int total = s.Workers.Count;
        int? n = request.N ?? total - request.Target;
        n = n is null ? null : Math.Max(0, n.Value);
        int target = n is null ? request.Target ?? 0 : total - n.Value;
        double? memoryRatio = request.MemoryRatio ?? (n is null ? DefaultMemoryRatio : null);
        if (n is null or 0 && s.Workers.Sorted.All(ws => !ws.Processing.IsEmpty))
        {
            return [];
        }
        Group[] groups =
        [
            .. Closeable(s).GroupBy(groupOf ?? (ws => ws)).Where(g => g.Key is not null).Select(g => new Group([.. g])),
        ];
        long limit = groups.Sum(g => g.MemoryLimit);
        long stored = groups.Sum(g => g.NBytes);
        var chosen = new List<WorkerState>();
        // Idle groups with little data go first; of equal ones, the last.
        foreach (Group group in groups.OrderBy(g => g.IsIdle).ThenBy(g => -g.NBytes).Reverse())
        {
            int left = total - chosen.Count - group.Workers.Length;
            if ((n is null && !group.IsIdle) || (request.Minimum is { } minimum and not 0 && left < minimum))
            {
                break;
            }
            limit -= group.MemoryLimit;
            if (!(n is not null && left >= target) && !(memoryRatio is { } ratio && limit >= ratio * stored))
            {
                break;
            }
            chosen.AddRange(group.Workers);
        }
        return chosen;
    }

    // A task that has seceded mostly waits for tasks of its own, and would start from scratch: its worker stays, and so
    // does one that takes part in a shuffle. 2022 does not look at that.
    private static IEnumerable<WorkerState> Closeable(SchedulerState s) => s.Workers.Sorted.Where(ws =>
        s.Options.Dialect.PackedGraphs || (ws.LongRunningCount == 0 && !s.Coordination.Shuffles.IsParticipating(ws)));

    private sealed record Group(WorkerState[] Workers)
    {
        internal long MemoryLimit { get; } = Workers.Sum(ws => ws.MemoryLimit);

        internal long NBytes { get; } = Workers.Sum(ws => ws.NBytes);

        internal bool IsIdle { get; } = Workers.All(ws => ws.Processing.IsEmpty);
    }
}
