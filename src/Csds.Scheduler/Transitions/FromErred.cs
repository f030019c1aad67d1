namespace Csds.Scheduler;

/// <summary>The transition out of <c>erred</c> (row S23).</summary>
internal static class FromErred
{
    /// <summary>Forget the failure: it is retried, or no longer wanted.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        TaskDetails details = ts.EnsureDetails();
        details.Exception = null;
        details.ExceptionBlame = null;
        details.Traceback = null;
        foreach (TaskState dts in ts.Dependents)
        {
            if (dts.State == TaskStateName.Erred)
            {
                s.Recommendations.Add(dts, TaskStateName.Waiting);
            }
        }
        foreach (string address in details.ErredOn ?? [])
        {
            if (s.Workers.TryGet(address, out WorkerState? ws))
            {
                s.Outbox.To(ws).FreeKeys(ts.Key, context.StimulusId);
            }
        }
        details.ErredOn = null;
        foreach (ClientState cs in ts.WhoWants)
        {
            s.Outbox.To(cs).TaskRetried(ts.Key);
        }
        ts.SetState(TaskStateName.Released);
    }
}
