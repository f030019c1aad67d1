using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What only few tasks have: restrictions, annotations, failures. Kept apart so that the others stay small. The
/// attributes are those of Dask's <c>TaskState</c> (row S2).
/// </summary>
public sealed class TaskDetails
{
    /// <summary>Creates what a task has with <paramref name="annotations"/> and nothing else, for all such tasks.</summary>
    internal TaskDetails(TaskAnnotations annotations)
    {
        Annotate(annotations);
        IsShared = true;
    }

    internal TaskDetails()
    {
    }

    /// <summary>Whether several tasks have it: it does not change any more.</summary>
    internal bool IsShared { get; private set; }

    /// <summary>Annotations as the user gave them; go to the worker with the task.</summary>
    public Opaque? Annotations { get; internal set; }

    /// <summary>Priority from the annotations, which wins over the submission's.</summary>
    public double? AnnotatedPriority { get; internal set; }

    /// <summary>Addresses of the workers that may run the task; null or empty: any.</summary>
    public IReadOnlyList<string>? WorkerRestrictions { get; internal set; }

    /// <summary>Hosts, or names of workers that are to come, that may run the task.</summary>
    public IReadOnlyList<Key>? HostRestrictions { get; internal set; }

    /// <summary>Resources that the task needs, by name.</summary>
    public ResourceRestrictions? ResourceRestrictions { get; internal set; }

    /// <summary>Other workers may run the task if none of the wanted ones is there.</summary>
    public bool LooseRestrictions { get; internal set; }

    /// <summary>How often a failure is still retried.</summary>
    public int Retries { get; internal set; }

    /// <summary>How often a worker died while it had the task.</summary>
    public int Suspicious { get; internal set; }

    /// <summary>The task whose own failure is the cause.</summary>
    public TaskState? ExceptionBlame { get; internal set; }

    /// <summary>The exception, pickled by the worker.</summary>
    public Opaque? Exception { get; internal set; }

    /// <summary>The traceback, pickled by the worker.</summary>
    public Opaque? Traceback { get; internal set; }

    /// <summary>The exception as text.</summary>
    public string? ExceptionText { get; internal set; }

    /// <summary>The traceback as text.</summary>
    public string? TracebackText { get; internal set; }

    /// <summary>Addresses of the workers that it failed on.</summary>
    public List<string>? ErredOn { get; internal set; }

    /// <summary>The shuffle whose barrier this task is.</summary>
    public ShuffleSpec? Shuffle { get; internal set; }

    /// <summary>Restrictions that a shuffle has put aside (Dask's annotation <c>shuffle_original_restrictions</c>).</summary>
    internal FormerRestrictions? BeforeShuffle { get; set; }

    /// <summary>Seconds on the scheduler's clock when it became <c>no-worker</c>.</summary>
    public double UnrunnableSince { get; internal set; }

    /// <summary>The same for one task, which may change it.</summary>
    internal TaskDetails Copy()
    {
        var copy = (TaskDetails)MemberwiseClone();
        copy.IsShared = false;
        return copy;
    }

    /// <summary>Takes annotations over, all but <see cref="TaskAnnotations.Workers"/>: those depend on which workers there are.</summary>
    internal void Annotate(TaskAnnotations annotations)
    {
        Annotations = annotations.Value;
        AnnotatedPriority = annotations.Priority ?? AnnotatedPriority;
        LooseRestrictions |= annotations.AllowOtherWorkers;
        ResourceRestrictions = annotations.Resources ?? ResourceRestrictions;
        if (annotations.Retries > 0)
        {
            Retries = annotations.Retries;
        }
    }
}
