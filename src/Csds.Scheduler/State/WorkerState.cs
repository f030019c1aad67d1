using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>A worker, as Dask's scheduler-side <c>WorkerState</c>.</summary>
public sealed class WorkerState : StreamPeer
{
    /// <summary>A table that doubles until it has room for so many is copied too often.</summary>
    private const int ManyNeeds = 4096;

#pragma warning disable CA1051 // Mutable structs that must not be copied.
    /// <summary>Tasks sent to it and not finished.</summary>
    public PlacedTasks<ProcessingPlace> Processing;

    /// <summary>Tasks whose results it holds, oldest first.</summary>
    public OrderedSet<TaskState> HasWhat;

    /// <summary>Actors that live on it.</summary>
    public OrderedSet<TaskState> Actors;
#pragma warning restore CA1051

    private readonly Dictionary<TaskPrefix, int> prefixCounts = [];
    private readonly Dictionary<TaskState, (int Tasks, long Bytes)> needsWhat = [];

    internal WorkerState(WorkerRegistration registration, long connection, long insertion)
        : base(insertion)
    {
        Registration = registration;
        Connection = connection;
        Address = registration.Address;
        AddressToken = Tokens.String(registration.Address);
        Name = registration.Name;
        Host = CommAddress.HostOf(registration.Address);
        // Work is divided by threads in many places, and a peer may say anything.
        NThreads = Math.Max(1, registration.NThreads);
        MemoryLimit = Math.Max(0, registration.MemoryLimit);
        Status = registration.Status;
        Metrics = WorkerMetrics.None;
    }

    /// <summary>What the worker said when it registered.</summary>
    public WorkerRegistration Registration { get; }

    /// <summary>Contact address, for instance <c>tcp://10.0.0.1:34567</c>.</summary>
    public string Address { get; }

    /// <summary>The address as msgpack.</summary>
    public byte[] AddressToken { get; }

    /// <summary>The name: any hashable value, kept as encoded.</summary>
    public Key Name { get; }

    /// <summary>Host part of the address.</summary>
    public string Host { get; }

    /// <summary>Number of threads that it runs tasks on.</summary>
    public int NThreads { get; }

    /// <summary>Bytes that it may use; 0: no limit.</summary>
    public long MemoryLimit { get; }

    /// <summary>Its own status, as last reported.</summary>
    public WorkerStatus Status { get; internal set; }

    /// <summary>Bytes of the results that it holds.</summary>
    public long NBytes { get; internal set; }

    /// <summary>Latest metrics.</summary>
    public WorkerMetrics Metrics { get; internal set; }

    /// <summary>Unmanaged memory over time (row S54).</summary>
    public UnmanagedMemory UnmanagedMemory { get; } = new();

    /// <summary>Seconds since 1970, on the scheduler's clock, of the last heartbeat.</summary>
    public double LastSeen { get; internal set; }

    /// <summary>Seconds since 1970 when its nanny was last told to restart it for want of heartbeats; 0: never.</summary>
    internal double RestartedAt { get; set; }

    /// <summary>Scheduler's clock minus worker's clock, in seconds.</summary>
    public double TimeDelay { get; internal set; }

    /// <summary>Tasks that run now, with the seconds they have been running, as of the last heartbeat.</summary>
    public IReadOnlyDictionary<Key, double> Executing { get; internal set; } = ReadOnlyDictionary<Key, double>.Empty;

    /// <summary>Available resources by name.</summary>
    public Dictionary<string, double> Resources { get; } = [];

    /// <summary>Resources that the tasks in <see cref="Processing"/> take.</summary>
    public Dictionary<string, double> UsedResources { get; } = [];

    /// <summary>Number of tasks in processing that have seceded.</summary>
    public int LongRunningCount { get; internal set; }

    /// <summary>Bytes that have to come over the network for the tasks in processing.</summary>
    public long NetworkOccupancy { get; private set; }

    /// <summary>Place among all workers by address.</summary>
    internal int Rank { get; set; }

    /// <summary>Place in the heap of workers with open slots; -1: not in it.</summary>
    internal int SlotHeapIndex { get; set; } = -1;

    /// <summary>How many more tasks may be sent to it from the queue (row S30); may be negative.</summary>
    internal int SlotsCounted { get; set; }

    /// <summary>Tasks that another worker might take over.</summary>
    internal StealableTasks Stealable { get; } = new();

    /// <summary>Seconds by which requests in flight will change its occupancy (row S50).</summary>
    internal double InFlightOccupancy { get; set; }

    /// <summary>Number of tasks by which requests in flight will change its processing.</summary>
    internal int InFlightTasks { get; set; }

    /// <summary>Numbers of tasks by prefix that count for occupancy.</summary>
    internal Dictionary<TaskPrefix, int> PrefixCounts => prefixCounts;

    /// <summary>Dependencies to be fetched, with the number of tasks that need them and the bytes counted for them.</summary>
    internal IReadOnlyDictionary<TaskState, (int Tasks, long Bytes)> NeedsWhat => needsWhat;

    /// <inheritdoc/>
    public override string ToString()
    {
        string name = Name.ToString();
        string shown = name == Address ? "" : $", name: {name}";
        return $"<WorkerState '{Address}'{shown}, status: {Status.ToText()}, memory: {HasWhat.Count}, processing: {Processing.Count}>";
    }

    internal void CountPrefix(TaskPrefix prefix, int change)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(prefixCounts, prefix, out _);
        count += change;
        if (count == 0)
        {
            prefixCounts.Remove(prefix);
        }
    }

    /// <summary>Makes room for what a task here will need, if that is a lot.</summary>
    internal void ExpectNeeds(int more)
    {
        if (more > ManyNeeds)
        {
            needsWhat.EnsureCapacity(needsWhat.Count + more);
        }
    }

    /// <summary>A task here needs <paramref name="dts"/>, which is elsewhere; answers the bytes newly awaited.</summary>
    internal long AddNeed(TaskState dts, long nbytes)
    {
        if (needsWhat.TryGetValue(dts, out (int Tasks, long Bytes) need))
        {
            needsWhat[dts] = (need.Tasks + 1, need.Bytes);
            return 0;
        }
        needsWhat[dts] = (1, nbytes);
        NetworkOccupancy += nbytes;
        return nbytes;
    }

    /// <summary>A task here needs <paramref name="dts"/> no longer; answers the bytes no longer awaited.</summary>
    internal long DropNeed(TaskState dts)
    {
        if (!needsWhat.TryGetValue(dts, out (int Tasks, long Bytes) need))
        {
            return 0;
        }
        if (need.Tasks > 1)
        {
            needsWhat[dts] = (need.Tasks - 1, need.Bytes);
            return 0;
        }
        return EndNeed(dts);
    }

    /// <summary>The replica is here or gone for good; answers the bytes no longer awaited.</summary>
    internal long EndNeed(TaskState dts)
    {
        // As many bytes as were counted: a result that was computed again may have another size now.
        needsWhat.Remove(dts, out (int Tasks, long Bytes) need);
        NetworkOccupancy -= need.Bytes;
        return need.Bytes;
    }
}
