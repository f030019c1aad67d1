using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The tasks of one operation in one graph: Dask's <c>TaskGroup</c>.</summary>
public sealed class TaskGroup : TaskCollection
{
#pragma warning disable CA1051 // A mutable struct that must not be copied.
    /// <summary>Groups that tasks of this one depend on.</summary>
    public OrderedSet<TaskGroup> Dependencies;
#pragma warning restore CA1051

    internal TaskGroup(Key nameUtf8, TaskPrefix prefix, long insertion)
        : base(insertion)
    {
        NameUtf8 = nameUtf8;
        Prefix = prefix;
        prefix.Groups.Add(this);
    }

    /// <inheritdoc/>
    public override string Name => Encoding.UTF8.GetString(NameUtf8.Token);

    /// <summary>The name as bare UTF-8, the way it is looked up.</summary>
    internal Key NameUtf8 { get; }

    /// <summary>The kind of task.</summary>
    public TaskPrefix Prefix { get; }

    /// <summary>Seconds since 1970 when the first task that has finished began to compute; 0 while none has.</summary>
    public double Start { get; private set; }

    /// <summary>Seconds since 1970 when the last one ended to compute.</summary>
    public double Stop { get; private set; }

    /// <summary>The worker that the next tasks go to as well, in co-assignment (row S31).</summary>
    public WorkerState? LastWorker { get; internal set; }

    /// <summary>How many more tasks go there.</summary>
    public int LastWorkerTasksLeft { get; internal set; }

    /// <summary>The span that the group belongs to; null: none yet, or a release without spans.</summary>
    public Span? Span { get; private set; }

    /// <summary>The computation that tasks were last added for; null: none yet.</summary>
    internal Computation? Computation { get; set; }

    /// <summary>Every task was forgotten.</summary>
    public bool AllForgotten => CountOf(TaskStateName.Forgotten) == Size;

    /// <summary>No task has work left: <c>TaskGroup.done</c>.</summary>
    public bool Done => CountOf(TaskStateName.Waiting) == 0 && CountOf(TaskStateName.NoWorker) == 0
        && CountOf(TaskStateName.Queued) == 0 && CountOf(TaskStateName.Processing) == 0;

    internal void Add(TaskState ts)
    {
        Count(ts.State, 1);
        Size++;
        Prefix.Add(ts.State);
    }

    /// <summary>The group belongs to a span from now on.</summary>
    internal void Join(Span span)
    {
        Span = span;
        span.Unfinished += CountOf(TaskStateName.Waiting) + CountOf(TaskStateName.NoWorker)
            + CountOf(TaskStateName.Queued) + CountOf(TaskStateName.Processing);
    }

    internal void Move(TaskStateName from, TaskStateName to)
    {
        Span?.Unfinished += (to.IsInPlay() ? 1 : 0) - (from.IsInPlay() ? 1 : 0);
        Count(from, -1);
        Count(to, 1);
        Prefix.Move(from, to);
    }

    /// <summary>
    /// All its tasks are gone. Computations still tell of the group; if it knew others, they would be kept for as long as
    /// anything that was ever computed of their results.
    /// </summary>
    internal void LetGo()
    {
        Dependencies.Clear();
        Computation = null;
        LastWorker = null;
    }

    internal void AddDependency(TaskGroup other) => Dependencies.Add(other);

    internal void AddNBytes(long diff)
    {
        NBytesTotal += diff;
        Prefix.AddNBytes(diff);
    }

    internal void AddType(string type)
    {
        AddType(type, 1);
        Prefix.AddType(type);
    }

    /// <summary>Counts one measured action, in seconds since 1970.</summary>
    internal void AddMeasured(string action, double start, double stop)
    {
        double span = Math.Round((stop - start) * 1e6);
        long microseconds = span > 0 ? (long)span : 0;
        AddDuration(action, microseconds);
        if (action == "compute")
        {
            Stop = Math.Max(Stop, stop);
            Start = Start == 0 || Start > start ? start : Start;
        }
        Prefix.AddMeasured(action, microseconds);
    }
}
