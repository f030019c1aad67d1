using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// All scheduling state: Dask's <c>SchedulerState</c>. A deterministic machine without sockets, clocks or threads:
/// events go in through <see cref="Inbox"/> and the stimuli, messages and effects come out of <see cref="Outbox"/>.
/// One thread at a time may touch it. The same events at the same times give the same output.
/// </summary>
public sealed class SchedulerState
{
    private long runIds;
    private long clientsSeen;

    /// <summary>Creates an empty state.</summary>
    public SchedulerState(SchedulerOptions options, ISchedulingPolicy policy, double now)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        Policy = policy;
        Now = now;
        Tasks = new TaskTable(options.DefaultTaskDurations);
        Occupancy = new Occupancy(options);
        Stealing = new WorkStealing(this);
        Story = new Story(options.TransitionLogLength);
        Topics = new Topics(options.EventsLogLength);
        Random = new Random(options.Seed);
        FireAndForget = new ClientState("fire-and-forget", NextClient(), 0, null, now);
        Clients = new Dictionary<string, ClientState> { [FireAndForget.ClientKey] = FireAndForget };
        IdleSince = now;
        Coordination = new Coordination(this);
        Spans = new SpanTable(this);
        Computations = new ComputationTable(this);
        MemoryManager = ActiveMemoryManager.FromOptions(this);
        TaskStream = new TaskStream(this);
    }

    /// <summary>The settings.</summary>
    public SchedulerOptions Options { get; }

    /// <summary>Who decides where tasks run.</summary>
    public ISchedulingPolicy Policy { get; }

    /// <summary>Seconds since 1970, as of the current event.</summary>
    public double Now { get; internal set; }

    /// <summary>Sets <see cref="Now"/> for what is read and logged outside of events that bring their time along.</summary>
    public void SetNow(double now) => Now = now;

    /// <summary>The tasks.</summary>
    public TaskTable Tasks { get; }

    /// <summary>The workers.</summary>
    public WorkerTable Workers { get; } = new();

    /// <summary>Clients and pseudo clients by id.</summary>
    public IReadOnlyDictionary<string, ClientState> AllClients => Clients;

    /// <summary>What was submitted while there was work.</summary>
    public ComputationTable Computations { get; }

    /// <summary>Expected work.</summary>
    public Occupancy Occupancy { get; }

    /// <summary>Tasks that wait for an open slot, the most urgent first.</summary>
    public HeapSet Queued { get; } = new();

#pragma warning disable CA1051 // Mutable structs that must not be copied.
    /// <summary>Tasks in <c>no-worker</c>, the longest waiting first.</summary>
    public OrderedSet<TaskState> Unrunnable;

    /// <summary>Tasks with more than one replica.</summary>
    public OrderedSet<TaskState> ReplicatedTasks;
#pragma warning restore CA1051

    /// <summary>The last transitions.</summary>
    public Story Story { get; }

    /// <summary>What ran where and when, once somebody asks.</summary>
    public TaskStream TaskStream { get; }

    /// <summary>Events by topic.</summary>
    public Topics Topics { get; }

    /// <summary>Locks, queues and the like, and the requests that wait in them.</summary>
    public Coordination Coordination { get; }

    /// <summary>What users have said belongs together.</summary>
    public SpanTable Spans { get; }

    /// <summary>What all workers have measured of their own work: sums by name (Dask's attribute of this name).</summary>
    public IReadOnlyDictionary<Key, double> CumulativeWorkerMetrics => workerMetrics;

    /// <summary>Adds and drops replicas.</summary>
    public ActiveMemoryManager MemoryManager { get; }

    /// <summary>Seconds since 1970 when <see cref="Timeouts.RunDeadlines"/> has something to do; null: never.</summary>
    public double? NextDeadline => Deadlines.Next;

    /// <summary>What the core wants to happen.</summary>
    public Outbox Outbox { get; } = new();

    /// <summary>Number of transitions so far.</summary>
    public long TransitionCounter { get; internal set; }

    /// <summary>Number of tasks ever sent to a worker (Dask's <c>n_tasks</c>): where round robin stands.</summary>
    public long TasksStarted { get; internal set; }

    /// <summary>Number of tasks forgotten.</summary>
    public long TasksForgotten { get; internal set; }

    /// <summary>Number of graph submissions that were not within their client's <c>fifo_timeout</c> (row S78).</summary>
    public long Generation { get; internal set; }

    /// <summary>When the last such submission came.</summary>
    public double LastGraphTime { get; internal set; }

    /// <summary>Clients that ever connected.</summary>
    public long ClientsAdded { get; internal set; }

    /// <summary>Clients that are gone.</summary>
    public long ClientsRemoved { get; internal set; }

    /// <summary>Graphs that are being expanded, or on their way into the state.</summary>
    public int ActiveGraphUpdates { get; internal set; }

    /// <summary>Graphs on their way into the state.</summary>
    internal List<GraphArrival> Arrivals { get; } = [];

    /// <summary>Seconds since 1970 when work ceased; null while there is some (row S43).</summary>
    public double? IdleSince { get; internal set; }

    /// <summary>Seconds since 1970 since when no worker runs although tasks wait (row S44).</summary>
    public double? NoWorkersSince { get; internal set; }

    /// <summary>Messages that came too late to mean anything, by reason.</summary>
    public IReadOnlyDictionary<string, long> Stale => stale;

    /// <summary>Number of those who listen to an <see cref="EventStream"/>.</summary>
    public int EventListeners => Observers.Count(o => o is EventStream);

    internal Dictionary<string, ClientState> Clients { get; }

    internal ClientState FireAndForget { get; }

    internal Recommendations Recommendations { get; } = new();

    /// <summary>For <see cref="FromReleased"/>, which would need a new list for each task; empty between two uses.</summary>
    internal List<TaskState> ReleasedDependencies { get; } = [];

    /// <summary>Moves tasks between workers.</summary>
    public WorkStealing Stealing { get; }

    internal double NextBalance { get; set; }

    /// <summary>Number of tasks in processing on all workers.</summary>
    public long ProcessingCount { get; internal set; }

    /// <summary>The scheduler is about to close by itself.</summary>
    internal bool IsClosing { get; set; }

    internal double NextTtlCheck { get; set; }

    internal long IdleTransitionCounter { get; set; }

    internal Deadlines Deadlines { get; } = new();

    internal InternedNames TypeNames { get; } = new();

    internal Random Random { get; }

    /// <summary>Who sees every transition.</summary>
    internal List<ISchedulerObserver> Observers { get; } = [];

    /// <summary>Tasks that moved since the last check of the invariants; used with <c>validate</c> only.</summary>
    internal OrderedSet<TaskState> Touched;

    private readonly Dictionary<string, long> stale = [];
    private readonly Dictionary<Key, double> workerMetrics = new(KeyComparer.Instance);
    private byte[] computeTaskStimulus = [];
    private double computeTaskStimulusTime = double.NaN;

    /// <summary>A task's size in bytes, or the default while it is unknown.</summary>
    public long NBytesOf(TaskState ts)
    {
        ArgumentNullException.ThrowIfNull(ts);
        return ts.GetNBytes(Options.DefaultDataSize);
    }

    internal long NextRunId() => runIds++;

    internal long NextClient() => clientsSeen++;

    internal void AddWorkerMetric(Key name, double value) =>
        workerMetrics[name] = workerMetrics.GetValueOrDefault(name) + value;

    /// <summary>A stimulus id as Dask makes them, <c>name-time</c>, as a token.</summary>
    internal byte[] Stimulus(string name) =>
        Tokens.String(name + "-" + Now.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>The stimulus id of compute-task; the same for all of one instant.</summary>
    internal byte[] ComputeTaskStimulus()
    {
        if (computeTaskStimulusTime != Now)
        {
            computeTaskStimulus = Stimulus("compute-task");
            computeTaskStimulusTime = Now;
        }
        return computeTaskStimulus;
    }

    /// <summary>Drops what a failed event has left behind, so that the next one starts clean.</summary>
    public void AbandonCascade() => Recommendations.Clear();

    /// <summary>Counts a message that the world has overtaken.</summary>
    internal void CountStale(string reason) => stale[reason] = stale.GetValueOrDefault(reason) + 1;
}
