using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Transitions out of <c>processing</c> (rows S16, S19, S20).</summary>
internal static class FromProcessing
{
    /// <summary>The worker has finished it.</summary>
    internal static void ToMemory(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (context.Worker is not { } ws)
        {
            s.Recommendations.Add(ts, TaskStateName.Released);
            return;
        }
        if (!ReferenceEquals(ws, ts.ProcessingOn))
        {
            throw new InvalidOperationException(
                $"Task {ts.Key.Repr()} transitioned from processing to memory on worker {ws}, while it was expected from "
                + $"{ts.ProcessingOn}. This should be impossible.");
        }
        Durations.Measure(s, ts, context.Finished.StartStops);
        s.Stealing.DurationKnown(ts.Prefix);
        s.SetNBytes(ts, context.Finished.NBytes);
        Propagation.ExitProcessing(s, ts);
        Propagation.AddToMemory(s, ts, ws, ref context);
    }

    /// <summary>The run is given up.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (Propagation.ExitProcessing(s, ts) is { } ws)
        {
            ws.Actors.Remove(ts);
            s.Outbox.To(ws).FreeKeys(ts.Key, context.StimulusId);
        }
        Propagation.Release(s, ts);
    }

    /// <summary>The run has failed for good.</summary>
    internal static void ToErred(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (ts.Actor)
        {
            ts.ProcessingOn?.Actors.Remove(ts);
        }
        Propagation.ExitProcessing(s, ts);
        Propagation.Err(s, ts, ref context);
    }
}
