namespace Csds.Scheduler;

/// <summary>The scheduler closes (row W51).</summary>
public static class Shutdown
{
    /// <summary>Tells every worker to close and ends every stream behind that.</summary>
    public static void CloseAllStreams(this SchedulerState s, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            s.Outbox.To(ws).Close("scheduler-close"u8);
            s.Outbox.To(ws).CloseStream();
            s.Outbox.Add(new CloseStream(ws.Connection));
        }
        foreach (ClientState cs in s.Clients.Values)
        {
            if (cs.Connection != 0)
            {
                s.Outbox.Add(new CloseStream(cs.Connection));
            }
        }
    }
}
