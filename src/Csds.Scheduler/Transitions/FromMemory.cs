using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Transitions out of <c>memory</c> (rows S18, S22, S25).</summary>
internal static class FromMemory
{
    private const string ActorLost = "Worker holding Actor was lost";

    private static readonly Opaque runtimeError =
        Opaque.FromBytes(PickleWriter.Exception("builtins", "RuntimeError", ActorLost));

    private static readonly Opaque valueError =
        Opaque.FromBytes(PickleWriter.Exception("builtins", "ValueError", ActorLost));

    /// <summary>The result was lost, or is not needed now.</summary>
    internal static void ToReleased(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (ts.Actor)
        {
            foreach (WorkerState ws in ts.WhoHas)
            {
                ws.Actors.Remove(ts);
            }
            if (!ts.WhoWants.IsEmpty)
            {
                s.Recommendations.Add(ts, TaskStateName.Erred);
                return; // An actor cannot be computed again.
            }
        }
        Propagation.FreeReplicas(s, ts, context.StimulusId);
        ts.SetState(TaskStateName.Released);
        foreach (ClientState cs in ts.WhoWants)
        {
            s.Outbox.To(cs).LostData(ts.Key);
        }
        if (ts.RunSpec.IsNone || ts.HasLostDependencies)
        {
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
        }
        else if (!ts.WhoWants.IsEmpty || !ts.Waiters.IsEmpty)
        {
            s.Recommendations.Add(ts, TaskStateName.Waiting);
        }
        foreach (TaskState dts in ts.Waiters)
        {
            if (dts.State is TaskStateName.NoWorker or TaskStateName.Processing or TaskStateName.Queued)
            {
                s.Recommendations.Add(dts, TaskStateName.Waiting);
            }
            else if (dts.State == TaskStateName.Waiting)
            {
                dts.WaitingOn.Add(ts);
            }
        }
    }

    /// <summary>An actor was lost.</summary>
    internal static void ToErred(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        Propagation.FreeReplicas(s, ts, context.StimulusId);
        Propagation.FailDependents(s, ts, failing: ts);
        context.Cause = ts;
        context.Worker = null;
        Opaque exception = s.Options.Dialect.LostActorsAreRuntimeErrors ? runtimeError : valueError;
        context.Failure = new Failure(exception, null, null, null);
        Propagation.Err(s, ts, ref context);
    }

    /// <summary>Nobody will ever need it again.</summary>
    internal static void ToForgotten(SchedulerState s, TaskState ts, ref TransitionContext context)
    {
        if (ts.Actor)
        {
            foreach (WorkerState ws in ts.WhoHas)
            {
                ws.Actors.Remove(ts);
            }
        }
        Propagation.Forget(s, ts, context.StimulusId);
        Propagation.Drop(s, ts);
    }
}
