using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What workers ask for outside their stream (rows R27, R30).</summary>
internal static class WorkerRequests
{
    /// <summary><c>set_resources</c>, Dask's <c>add_resources</c>; tasks that waited for them run at once.</summary>
    internal static void SetResources(SchedulerState s, Request r)
    {
        if (Find(s, r) is not { } ws)
        {
            s.Refuse(r.Number, PythonError.KeyError(new Key(r.Worker.Token.ToArray())));
            return;
        }
        s.Workers.SetResources(ws, r.Resources);
        if (ws.Status == WorkerStatus.Running)
        {
            Workers.ScheduleOn(s, ws, r.StimulusId ?? s.Stimulus("set-resources"));
        }
        s.Answer(r.Number, Opaque.FromString("OK"));
    }

    /// <summary><c>add_keys</c>: the worker holds these results.</summary>
    internal static void AddKeys(SchedulerState s, Request r)
    {
        WorkerState? ws = Find(s, r);
        if (ws is not null && !r.Keys.IsNil)
        {
            var keys = new MessageReader(r.Keys);
            s.AddKeys(ws, keys, r.StimulusId ?? s.Stimulus("redundant-replicas"));
        }
        s.Answer(r.Number, Opaque.FromString(ws is null ? "not found" : "OK"));
    }

    private static WorkerState? Find(SchedulerState s, Request r) =>
        s.Workers.TryGet(r.Worker.Token.Span, out WorkerState? ws) ? ws : null;
}
