using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Which workers may run a task (row S35).</summary>
public static class Eligibility
{
    /// <summary>
    /// Dask's <c>valid_workers</c>: the running workers that satisfy the task's restrictions; null if it has none and
    /// every running worker will do.
    /// </summary>
    public static IReadOnlySet<WorkerState>? ValidWorkers(this SchedulerState s, TaskState ts)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ts);
        if (!ts.IsRestricted)
        {
            return null;
        }
        TaskDetails details = ts.Details!;
        HashSet<WorkerState>? valid = ByName(s, details);
        foreach ((string resource, double required) in details.ResourceRestrictions?.Amounts ?? [])
        {
            IEnumerable<WorkerState> able = s.Workers.WithResource(resource).Where(ws => ws.Resources[resource] >= required);
            if (valid is null)
            {
                valid = [.. able];
            }
            else
            {
                valid.IntersectWith(able);
            }
        }
        valid!.RemoveWhere(ws => ws.Status != WorkerStatus.Running);
        return valid;
    }

    /// <summary>
    /// The running workers that a task may go to now: null for every one, empty for none. With loose restrictions every
    /// worker will do, as long as none satisfies them.
    /// </summary>
    public static IReadOnlySet<WorkerState>? AllowedWorkers(this SchedulerState s, TaskState ts) =>
        s.ValidWorkers(ts) is { } valid && (valid.Count > 0 || ts.Details is not { LooseRestrictions: true }) ? valid : null;

    /// <summary>
    /// The same workers as a list, in an order that depends on nothing but what has happened. Of a task without
    /// restrictions they may be thousands.
    /// </summary>
    public static IReadOnlyList<WorkerState> Candidates(this SchedulerState s, TaskState ts) =>
        s.AllowedWorkers(ts)?.OrderBy(ws => ws.Insertion).ToArray() ?? (IReadOnlyList<WorkerState>)s.Workers.RunningByAddress;

    /// <summary>
    /// Whether one worker may run the task; with loose restrictions every worker may, as long as none satisfies them.
    /// </summary>
    public static bool MayRunOn(this SchedulerState s, TaskState ts, WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return s.AllowedWorkers(ts)?.Contains(ws) ?? ws.Status == WorkerStatus.Running;
    }

    private static HashSet<WorkerState>? ByName(SchedulerState s, TaskDetails details)
    {
        HashSet<WorkerState>? valid = null;
        if (details.WorkerRestrictions is { Count: > 0 } addresses)
        {
            valid = [];
            foreach (string address in addresses)
            {
                if (s.Workers.TryGet(address, out WorkerState? ws))
                {
                    valid.Add(ws);
                }
            }
        }
        if (details.HostRestrictions is { Count: > 0 } hosts)
        {
            valid ??= [];
            foreach (Key host in hosts)
            {
                // Resolved now, not when the task came: a worker of that name may have come since.
                string name = s.Workers.FindByName(host)?.Host ?? host.ToString();
                valid.UnionWith(s.Workers.OnHost(name));
            }
        }
        return valid;
    }
}
