using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Something that happens to the state, in its turn.</summary>
public abstract class ReactorEvent
{
    /// <summary>Applies the event. Runs on the reactor; must not block.</summary>
    public abstract void Run(SchedulerState state, double now);

    /// <summary>The event's sender broke the protocol.</summary>
    public virtual void PeerAtFault(Exception error) => Failed(error);

    /// <summary>The event could not be handled.</summary>
    public virtual void Failed(Exception error)
    {
    }
}

/// <summary>The time of a deadline has come.</summary>
internal sealed class DeadlinesDue : ReactorEvent
{
    public override void Run(SchedulerState state, double now) => state.RunDeadlines(now);
}

/// <summary>A function on the state whose result somebody waits for.</summary>
internal sealed class Question<T>(Func<SchedulerState, double, T> question) : ReactorEvent
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<T> Answer => answer.Task;

    public override void Run(SchedulerState state, double now)
    {
        state.SetNow(now);
        answer.SetResult(question(state, now));
    }

    public override void Failed(Exception error) => answer.SetException(error);
}
