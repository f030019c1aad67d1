namespace Csds.Scheduler;

/// <summary>Sends queued tasks when workers can take them (row S30).</summary>
internal static class QueueSlots
{
    /// <summary>
    /// Dask's <c>stimulus_queue_slots_maybe_opened</c>: as many tasks as there are open slots leave the queue, the most
    /// urgent first, each fully transitioned before the next. Every other consequence of the event comes before.
    /// </summary>
    internal static void FillOpenSlots(this SchedulerState s, byte[] stimulusId)
    {
        while (s.Workers.OpenSlots.Count > 0 && s.Queued.TryPeek(out TaskState? ts))
        {
            s.RunTransitions(ts, TaskStateName.Processing, stimulusId);
            if (ts.State == TaskStateName.Queued)
            {
                return; // The policy keeps it back.
            }
        }
    }
}
