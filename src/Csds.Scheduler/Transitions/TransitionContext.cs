namespace Csds.Scheduler;

/// <summary>What a transition is told besides the task: the keyword arguments of Dask's transition functions.</summary>
internal ref struct TransitionContext
{
    /// <summary>What caused the cascade, as a token.</summary>
    internal byte[] StimulusId;

    /// <summary>The worker that reported; set for processing to memory and for failures.</summary>
    internal WorkerState? Worker;

    /// <summary>The report, for processing to memory.</summary>
    internal TaskFinished Finished;

    /// <summary>Where and when the task ran, for a failure that a worker reported.</summary>
    internal FailedRun FailedRun;

    /// <summary>The failure, for transitions to erred.</summary>
    internal Failure? Failure;

    /// <summary>The task that is the cause of the failure; null: the task's <c>exception_blame</c>.</summary>
    internal TaskState? Cause;
}
