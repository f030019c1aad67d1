namespace Csds.Scheduler;

/// <summary>Keeps the sets of idle, saturated and open workers up to date (rows S30, S39).</summary>
internal static class Saturation
{
    /// <summary>Dask's <c>check_idle_saturated</c>, for one worker whose work has changed.</summary>
    internal static void CheckIdleSaturated(this SchedulerState s, WorkerState ws) =>
        s.CheckIdleSaturated(ws, s.Occupancy.Of(ws));

    /// <summary>The same for a worker whose occupancy, in seconds, is taken to be another.</summary>
    internal static void CheckIdleSaturated(this SchedulerState s, WorkerState ws, double occupancy)
    {
        if (s.Workers.TotalNThreads == 0 || ws.Status == WorkerStatus.Closed)
        {
            return;
        }
        int processing = ws.Processing.Count;
        s.Workers.Saturated.Remove(ws);
        if (ws.Status != WorkerStatus.Running)
        {
            s.Workers.Idle.Remove(ws);
            s.Workers.OpenSlots.Remove(ws);
            return;
        }
        if (s.IsUnoccupied(ws, occupancy, processing))
        {
            s.Workers.Idle.Add(ws);
        }
        else
        {
            s.Workers.Idle.Remove(ws);
            int threads = ws.NThreads;
            if (processing > threads)
            {
                double pending = occupancy * (processing - threads) / ((double)processing * threads);
                if (pending > 0.4 && pending > 1.9 * (s.Occupancy.Total / s.Workers.TotalNThreads))
                {
                    s.Workers.Saturated.Add(ws);
                }
            }
        }
        int slots = SlotsAvailable(s, ws);
        if (slots > 0)
        {
            s.Workers.OpenSlots.Set(ws, slots);
        }
        else
        {
            s.Workers.OpenSlots.Remove(ws);
        }
    }

    /// <summary>Dask's <c>is_unoccupied</c>.</summary>
    internal static bool IsUnoccupied(this SchedulerState s, WorkerState ws, double occupancy, int processing) =>
        processing < ws.NThreads
        || occupancy < ws.NThreads * (s.Occupancy.Total / s.Workers.TotalNThreads) / 2;

    /// <summary>
    /// Dask's <c>_task_slots_available</c>. Without a queue every running worker has a slot; how many does not matter then.
    /// </summary>
    internal static int SlotsAvailable(SchedulerState s, WorkerState ws)
    {
        if (double.IsInfinity(s.Options.WorkerSaturation))
        {
            return 1;
        }
        int capacity = Math.Max((int)Math.Ceiling(s.Options.WorkerSaturation * ws.NThreads), 1);
        return capacity - (ws.Processing.Count - ws.LongRunningCount);
    }
}
