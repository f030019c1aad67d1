using System.Globalization;
using System.Text;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>The page <c>/metrics</c>, with the names that Dask's has (rows H20, H21).</summary>
internal sealed class PrometheusPage
{
    private readonly StringBuilder text = new();

    /// <summary>Writes the page.</summary>
    internal static string Write(SchedulerState s, Reactor reactor, double now)
    {
        var page = new PrometheusPage();
        page.WriteScheduler(s, now);
        page.WritePrefixes(s);
        page.WriteTicks(reactor);
        page.WriteSemaphores(s.Coordination.Semaphores.All);
        page.WriteStealing(s.Stealing);
        page.Metric("csds_scheduler_info", "gauge", "What runs here");
        page.Sample("csds_scheduler_info", 1, ("version", CommandLine.Version), ("policy", s.Policy.Name));
        return page.text.ToString();
    }

    private void WriteScheduler(SchedulerState s, double now)
    {
        Metric("dask_scheduler_clients", "gauge", "Number of clients connected");
        Sample("dask_scheduler_clients", s.AllClients.Count - 1);
        Metric("dask_scheduler_desired_workers", "gauge", "Number of workers scheduler needs for task graph");
        Sample("dask_scheduler_desired_workers", s.FindAdaptiveTarget(s.Options.AdaptiveTargetDuration));
        if (s.Options.Dialect.PackedGraphs)
        {
            WriteOldWorkers(s);
            WriteTasks(s);
            return;
        }
        Metric("dask_scheduler_client_connections_added_total", "counter", "Total number of client connections added");
        Sample("dask_scheduler_client_connections_added_total", s.ClientsAdded);
        Metric("dask_scheduler_client_connections_removed_total", "counter", "Total number of client connections removed");
        Sample("dask_scheduler_client_connections_removed_total", s.ClientsRemoved);
        Metric("dask_scheduler_workers_added_total", "counter", "Total number of workers added");
        Sample("dask_scheduler_workers_added_total", s.Workers.AddedTotal);
        Metric("dask_scheduler_workers_removed_total", "counter", "Total number of workers removed");
        Sample("dask_scheduler_workers_removed_total", s.Workers.RemovedTotal);
        WriteWorkers(s);
        WriteTasks(s);
        Metric("dask_scheduler_gc_collection_seconds_total", "counter", "Total time spent on garbage collection");
        Sample("dask_scheduler_gc_collection_seconds_total", GC.GetTotalPauseDuration().TotalSeconds);
        Metric("dask_scheduler_last_time_total", "counter", "SystemMonitor last time");
        Sample("dask_scheduler_last_time_total", now);
    }

    // 2022 knows fewer states, and has a worker in several at once.
    private void WriteOldWorkers(SchedulerState s)
    {
        Metric("dask_scheduler_workers", "gauge", "Number of workers known by scheduler");
        Sample("dask_scheduler_workers", s.Workers.Count, ("state", "connected"));
        Sample("dask_scheduler_workers", s.Workers.Saturated.Count, ("state", "saturated"));
        Sample("dask_scheduler_workers", s.Workers.Idle.Count, ("state", "idle"));
    }

    private void WriteWorkers(SchedulerState s)
    {
        int idle = s.Workers.Idle.Count;
        int saturated = s.Workers.Saturated.Count;
        int paused = s.Workers.Sorted.Count(ws => ws.Status == WorkerStatus.Paused);
        int retiring = s.Workers.Count - paused - s.Workers.Running.Count;
        Metric("dask_scheduler_workers", "gauge", "Number of workers known by scheduler");
        Sample("dask_scheduler_workers", idle, ("state", "idle"));
        Sample("dask_scheduler_workers", s.Workers.Running.Count - idle - saturated, ("state", "partially_saturated"));
        Sample("dask_scheduler_workers", saturated, ("state", "saturated"));
        Sample("dask_scheduler_workers", paused, ("state", "paused"));
        Sample("dask_scheduler_workers", retiring, ("state", "retiring"));
    }

    private void WriteTasks(SchedulerState s)
    {
        Metric("dask_scheduler_tasks", "gauge", "Number of tasks known by scheduler");
        foreach (TaskStateName state in Enum.GetValues<TaskStateName>())
        {
            long count = s.Tasks.Groups.Sum(tg => tg.CountOf(state));
            if (state != TaskStateName.Forgotten)
            {
                Sample("dask_scheduler_tasks", count, ("state", state.ToText()));
            }
        }
        Metric("dask_scheduler_tasks_forgotten_total", "counter", "Total number of processed tasks no longer in memory");
        // Those of groups that are gone are not included, as in Dask.
        Sample("dask_scheduler_tasks_forgotten_total", s.Tasks.Prefixes.Sum(p => p.CountOf(TaskStateName.Forgotten)));
        Metric("dask_scheduler_tasks_suspicious_total", "counter", "Total number of times a task has been marked suspicious");
        foreach (TaskPrefix prefix in s.Tasks.Prefixes)
        {
            Sample("dask_scheduler_tasks_suspicious_total", prefix.Suspicious, ("task_prefix_name", prefix.Name));
        }
        WriteStateTotals(s);
    }

    private void WritePrefixes(SchedulerState s)
    {
        if (s.Options.Dialect.PackedGraphs)
        {
            return;
        }
        Metric("dask_scheduler_task_groups", "gauge", "Number of task groups known by scheduler");
        Sample("dask_scheduler_task_groups", s.Tasks.Groups.Count);
        void All(string name, string type, string help, Func<TaskPrefix, double> value)
        {
            Metric("dask_scheduler_tasks_" + name, type, help);
            foreach (TaskPrefix prefix in s.Tasks.Prefixes)
            {
                Sample("dask_scheduler_tasks_" + name, value(prefix), ("task_prefix_name", prefix.Name));
            }
        }
        All("compute_seconds_total", "counter", "Total amount of compute time spent in each prefix",
            p => p.AllDurations.GetValueOrDefault("compute") / 1e6);
        All("transfer_seconds_total", "counter", "Total amount of transfer time spent in each prefix",
            p => p.AllDurations.GetValueOrDefault("transfer") / 1e6);
        All("output_bytes", "gauge", "Current number of bytes in memory (without duplicates) for each prefix", p => p.NBytesTotal);
    }

    // Dask's event loop ticks; here the reactor turns.
    private void WriteTicks(Reactor reactor)
    {
        Metric("dask_scheduler_tick_duration_maximum_seconds", "gauge", "Maximum tick duration observed since Prometheus last scraped metrics");
        Sample("dask_scheduler_tick_duration_maximum_seconds", reactor.TakeLongestTurn());
        Metric("dask_scheduler_tick_count_total", "counter", "Total number of ticks observed since the server started");
        Sample("dask_scheduler_tick_count_total", reactor.Turns);
    }

    private void WriteStateTotals(SchedulerState s)
    {
        Metric("dask_scheduler_prefix_state_totals_total", "counter", "Accumulated count of task prefix in each state");
        foreach (TaskPrefix prefix in s.Tasks.Prefixes)
        {
            foreach (TaskStateName state in Enum.GetValues<TaskStateName>())
            {
                Sample("dask_scheduler_prefix_state_totals_total", prefix.StateCount(state),
                    ("task_prefix_name", prefix.Name), ("state", state.ToText()));
            }
        }
    }

    private void WriteSemaphores(IReadOnlyCollection<Scheduler.Semaphore> semaphores)
    {
        void All(string name, string type, string help, Func<Scheduler.Semaphore, double> value)
        {
            Metric("dask_semaphore_" + name, type, help);
            foreach (Scheduler.Semaphore semaphore in semaphores)
            {
                Sample("dask_semaphore_" + name, value(semaphore), ("name", semaphore.Name.ToString()));
            }
        }
        All("max_leases", "gauge", "Maximum leases allowed per semaphore", s => s.MaxLeases);
        All("active_leases", "gauge", "Amount of currently active leases per semaphore", s => s.ActiveLeases);
        All("pending_leases", "gauge", "Amount of currently pending leases per semaphore", s => s.PendingLeases);
        All("acquire_total", "counter", "Total number of leases acquired per semaphore", s => s.AcquireTotal);
        All("release_total", "counter", "Total number of leases released per semaphore", s => s.ReleaseTotal);
        All("average_pending_lease_time_s", "gauge",
            "Exponential moving average of the time it took to acquire a lease per semaphore", s => s.AveragePendingLeaseTime);
    }

    private void WriteStealing(WorkStealing stealing)
    {
        Metric("dask_stealing_request_count_total", "counter", "Total number of stealing requests per cost multiplier.");
        for (int level = 0; level < stealing.RequestCounts.Length; level++)
        {
            Sample("dask_stealing_request_count_total", stealing.RequestCounts[level], ("cost_multiplier", CostMultiplier(level)));
        }
        Metric("dask_stealing_request_cost_total", "counter", "Total cost of stealing requests per cost multiplier.");
        for (int level = 0; level < stealing.RequestCosts.Length; level++)
        {
            Sample("dask_stealing_request_cost_total", stealing.RequestCosts[level], ("cost_multiplier", CostMultiplier(level)));
        }
    }

    // As Python shows 1 + 2 ** (i - 6) in its list [1.0, 1.03125, ..., 1.5, 2, 3, 5, ...]: whole from 2 on.
    private static string CostMultiplier(int level) => level switch
    {
        0 => "1.0",
        < 6 => (1 + Math.Pow(2, level - 6)).ToString("R", CultureInfo.InvariantCulture),
        _ => (1 + Math.Pow(2, level - 6)).ToString("F0", CultureInfo.InvariantCulture),
    };

    private void Metric(string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        for (int i = 0; i < labels.Length; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
        }
        text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
