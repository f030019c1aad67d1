using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// One task, as Dask's <c>TaskState</c> (row S2). Everything is readable from outside; only transitions and stimuli
/// write.
/// </summary>
public sealed class TaskState : Numbered
{
    // Fields, not properties: these sets are mutable structs that must not be copied.
#pragma warning disable CA1051
    /// <summary>Tasks whose results this one needs.</summary>
    public OrderedSet<TaskState> Dependencies;

    /// <summary>Tasks that need this one's result.</summary>
    public OrderedSet<TaskState> Dependents;

    /// <summary>Dependencies without a replica, while waiting.</summary>
    public OrderedSet<TaskState> WaitingOn;

    /// <summary>Dependents that still have to run.</summary>
    public OrderedSet<TaskState> Waiters;

    /// <summary>Clients, and queues, variables and datasets, that want the result.</summary>
    public OrderedSet<ClientState> WhoWants;

    /// <summary>Workers that hold a replica.</summary>
    public OrderedSet<WorkerState> WhoHas;
#pragma warning restore CA1051

    /// <summary>Place in the pending recommendations plus one; 0: none. See <see cref="Recommendations"/>.</summary>
    internal int RecommendationSlot;

    /// <summary>Its entry in the queue; 0: none. See <see cref="HeapSet"/>.</summary>
    internal long QueueTicket;

    /// <summary>Place in <see cref="WorkerState.Processing"/> plus one; 0: none. See <see cref="ProcessingPlace"/>.</summary>
    internal int ProcessingSlot;

    /// <summary>Place in its level of <see cref="WorkerState.Stealable"/> plus one; 0: none. See <see cref="StealablePlace"/>.</summary>
    internal int StealableSlot;

    /// <summary>Its level among the stealable tasks of its worker; -1: it stays. See <see cref="WorkStealing"/>.</summary>
    internal sbyte StealLevel = -1;

    /// <summary>Number of graphs on their way into the state that have it. See <see cref="GraphArrival"/>.</summary>
    internal int Arriving;

    /// <summary>A graph on its way into the state will move it on, or look at it again. See <see cref="GraphStart"/>.</summary>
    internal bool AwaitsTurn;

    private TaskDetails? details;

    internal TaskState(Key key, TaskGroup group, long insertion)
        : base(insertion)
    {
        Key = key;
        Group = group;
        group.Add(this);
    }

    /// <summary>The key, as encoded by the first who named it.</summary>
    public Key Key { get; }

    /// <summary>Tasks of the same operation in one graph.</summary>
    public TaskGroup Group { get; }

    /// <summary>Tasks of the same kind in all graphs.</summary>
    public TaskPrefix Prefix => Group.Prefix;

    /// <summary>The state; changes only in transitions.</summary>
    public TaskStateName State { get; private set; }

    /// <summary>What to run.</summary>
    public RunSpec RunSpec { get; internal set; }

    /// <summary>When to run.</summary>
    public Priority Priority { get; internal set; }

    /// <summary>The worker that has it to run.</summary>
    public WorkerState? ProcessingOn { get; internal set; }

    /// <summary>Number of the current run; answers of older runs are stale (row V10). -1 before the first.</summary>
    public long RunId { get; internal set; } = -1;

    /// <summary>Size of the result in bytes, -1 while unknown.</summary>
    public long NBytes { get; private set; } = -1;

    /// <summary>Name of the result's type.</summary>
    public string? Type { get; internal set; }

    /// <summary>A dependency was forgotten: it can never run again.</summary>
    public bool HasLostDependencies { get; internal set; }

    /// <summary>It is an actor.</summary>
    public bool Actor { get; internal set; }

    /// <summary>False: never held back in the queue (<c>_queueable</c>).</summary>
    public bool Queueable { get; internal set; } = true;

    /// <summary>It declared itself a producer of data, hence root-ish (row V30).</summary>
    public bool DataProducer { get; internal set; }

    /// <summary>It has seceded from its worker's pool: a member of the worker's <c>long_running</c>.</summary>
    public bool LongRunning { get; internal set; }

    /// <summary>What only few tasks have; null for the others. To be changed only by <see cref="EnsureDetails"/>.</summary>
    public TaskDetails? Details => details;

    /// <summary>The result is needed and not there yet: the task waits, or is ready, or runs.</summary>
    public bool IsInPlay => State.IsInPlay();

    /// <summary>Somebody wants the result, or is about to: neither task nor result may go.</summary>
    internal bool IsHeld => Arriving > 0 || !WhoWants.IsEmpty;

    /// <summary>Whether the run is restricted to certain workers, hosts or resources.</summary>
    public bool IsRestricted =>
        details is not null
        && (details.WorkerRestrictions is { Count: > 0 } || details.HostRestrictions is { Count: > 0 }
            || details.ResourceRestrictions is not null);

    /// <summary>The task whose own failure is the cause of this one's.</summary>
    public TaskState? ExceptionBlame => details?.ExceptionBlame;

    /// <summary>The result's size in bytes, <paramref name="defaultDataSize"/> while unknown.</summary>
    public long GetNBytes(long defaultDataSize) => NBytes >= 0 ? NBytes : defaultDataSize;

    /// <inheritdoc/>
    public override string ToString() => $"<TaskState {Key.Repr()} {State.ToText()}>";

    /// <summary>The details, for changes: they are this task's alone from now on.</summary>
    internal TaskDetails EnsureDetails() => details = details is null ? new TaskDetails() : details.IsShared ? details.Copy() : details;

    /// <summary>It has what other tasks have, too, and had no details yet.</summary>
    internal void ShareDetails(TaskDetails shared) => details = shared;

    internal void SetState(TaskStateName state)
    {
        Group.Move(State, state);
        State = state;
    }

    /// <summary>The result's size is known, or known anew.</summary>
    /// <param name="nbytes">Bytes, not negative.</param>
    /// <param name="defaultDataSize">What its holders counted for it while the size was unknown.</param>
    internal void SetNBytes(long nbytes, long defaultDataSize)
    {
        Group.AddNBytes(nbytes - Math.Max(0, NBytes));
        foreach (WorkerState ws in WhoHas)
        {
            ws.NBytes += nbytes - GetNBytes(defaultDataSize);
        }
        NBytes = nbytes;
    }

    internal void AddDependency(TaskState other)
    {
        Dependencies.Add(other);
        Group.AddDependency(other.Group);
        other.Dependents.Add(this);
    }
}
