using System.Diagnostics.CodeAnalysis;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// All workers, and the sets of them that placement asks for: running, idle, saturated, with open slots. Every set is
/// kept up to date at each change of one worker; none is computed by looking at all.
/// </summary>
public sealed class WorkerTable
{
    private readonly Dictionary<Key, WorkerState> byAddress = new(KeyComparer.Instance);
    private readonly Dictionary<Key, WorkerState>.AlternateLookup<ReadOnlySpan<byte>> byAddressToken;
    private readonly Dictionary<Key, WorkerState> byName = new(KeyComparer.Instance);
    private readonly Dictionary<string, OrderedSetOfWorkers> byHost = [];
    private readonly Dictionary<string, OrderedSetOfWorkers> byResource = [];
    private readonly List<WorkerState> sorted = [];
    private long registered;

#pragma warning disable CA1051 // Mutable structs that must not be copied.
    /// <summary>Workers in status running, in the order in which they began to.</summary>
    public OrderedSet<WorkerState> Running;

    /// <summary>Workers with more work than their share (row S39).</summary>
    public OrderedSet<WorkerState> Saturated;
#pragma warning restore CA1051

    internal WorkerTable()
    {
        byAddressToken = byAddress.GetAlternateLookup<ReadOnlySpan<byte>>();
        Idle = new RankedWorkerSet(sorted);
        RunningByAddress = new RankedWorkerSet(sorted);
    }

    /// <summary>The workers, sorted by address.</summary>
    public IReadOnlyList<WorkerState> Sorted => sorted;

    /// <summary>Number of workers.</summary>
    public int Count => sorted.Count;

    /// <summary>Workers with too little to do (row S39), sorted by address.</summary>
    public RankedWorkerSet Idle { get; }

    /// <summary>The members of <see cref="Running"/>, sorted by address.</summary>
    public RankedWorkerSet RunningByAddress { get; }

    /// <summary>Running workers that may be sent tasks from the queue, least busy first (row S30).</summary>
    public OpenSlots OpenSlots { get; } = new();

    /// <summary>What the workers say of their packages: nearly always all the same.</summary>
    public TokenCounts Versions { get; } = new();

    /// <summary>Threads of all workers.</summary>
    public long TotalNThreads { get; private set; }

    /// <summary>Memory limits of all workers, in bytes.</summary>
    public long TotalMemory { get; private set; }

    /// <summary>How many ever registered.</summary>
    public long AddedTotal => registered;

    /// <summary>How many were removed.</summary>
    public long RemovedTotal { get; private set; }

    /// <summary>Finds a worker by its address.</summary>
    public bool TryGet(string address, [NotNullWhen(true)] out WorkerState? ws) =>
        byAddress.TryGetValue(Key.FromString(address), out ws);

    /// <summary>Finds a worker by its address, encoded.</summary>
    public bool TryGet(ReadOnlySpan<byte> addressToken, [NotNullWhen(true)] out WorkerState? ws) =>
        byAddressToken.TryGetValue(addressToken, out ws);

    /// <summary>Finds a worker by its name, encoded.</summary>
    public WorkerState? FindByName(Key name) => byName.GetValueOrDefault(name);

    /// <summary>The workers on a host, in order of registration.</summary>
    public IReadOnlyCollection<WorkerState> OnHost(string host) =>
        byHost.TryGetValue(host, out OrderedSetOfWorkers? set) ? set : [];

    /// <summary>The workers that have some of a resource, in order of registration.</summary>
    public IReadOnlyCollection<WorkerState> WithResource(string resource) =>
        byResource.TryGetValue(resource, out OrderedSetOfWorkers? set) ? set : [];

    /// <summary>The hosts that workers run on.</summary>
    public IReadOnlyCollection<string> Hosts => byHost.Keys;

    internal long NextInsertion() => registered++;

    internal void Add(WorkerState ws)
    {
        byAddress.Add(new Key(ws.AddressToken), ws);
        byName.Add(ws.Name, ws);
        AddTo(byHost, ws.Host, ws);
        int at = ~sorted.BinarySearch(ws, AddressComparer.Instance);
        sorted.Insert(at, ws);
        Rerank(at);
        Idle.InsertRank(at);
        RunningByAddress.InsertRank(at);
        Versions.Add(ws.Registration.Versions.Token.Span);
        TotalNThreads += ws.NThreads;
        TotalMemory += ws.MemoryLimit;
        NoteStatus(ws);
    }

    /// <summary>The worker's status has changed: it is among the running ones from now on, or is not.</summary>
    internal void NoteStatus(WorkerState ws)
    {
        if (ws.Status == WorkerStatus.Running)
        {
            Running.Add(ws);
            RunningByAddress.Add(ws);
        }
        else
        {
            Running.Remove(ws);
            RunningByAddress.Remove(ws);
        }
    }

    internal void Remove(WorkerState ws)
    {
        Idle.Remove(ws);
        OpenSlots.Remove(ws);
        Saturated.Remove(ws);
        Running.Remove(ws);
        RunningByAddress.Remove(ws);
        byAddress.Remove(new Key(ws.AddressToken));
        byName.Remove(ws.Name);
        RemoveFrom(byHost, ws.Host, ws);
        foreach (string resource in ws.Resources.Keys)
        {
            RemoveFrom(byResource, resource, ws);
        }
        sorted.RemoveAt(ws.Rank);
        Rerank(ws.Rank);
        Idle.RemoveRank(ws.Rank);
        RunningByAddress.RemoveRank(ws.Rank);
        Versions.Remove(ws.Registration.Versions.Token.Span);
        TotalNThreads -= ws.NThreads;
        TotalMemory -= ws.MemoryLimit;
        RemovedTotal++;
    }

    /// <summary>Dask's <c>add_resources</c>: what the worker offers, replacing amounts of the same name.</summary>
    internal void SetResources(WorkerState ws, ResourceRestrictions? resources)
    {
        foreach ((string name, double amount) in resources?.Amounts ?? [])
        {
            ws.Resources[name] = amount;
            ws.UsedResources.TryAdd(name, 0);
            AddTo(byResource, name, ws);
        }
    }

    private void Rerank(int from)
    {
        for (int i = from; i < sorted.Count; i++)
        {
            sorted[i].Rank = i;
        }
    }

    private static void AddTo(Dictionary<string, OrderedSetOfWorkers> sets, string key, WorkerState ws)
    {
        if (!sets.TryGetValue(key, out OrderedSetOfWorkers? set))
        {
            sets[key] = set = [];
        }
        set.Add(ws);
    }

    private static void RemoveFrom(Dictionary<string, OrderedSetOfWorkers> sets, string key, WorkerState ws)
    {
        if (sets.TryGetValue(key, out OrderedSetOfWorkers? set) && set.Remove(ws) && set.Count == 0)
        {
            sets.Remove(key);
        }
    }

    private sealed class AddressComparer : IComparer<WorkerState>
    {
        internal static readonly AddressComparer Instance = new();

        public int Compare(WorkerState? x, WorkerState? y) => string.CompareOrdinal(x!.Address, y!.Address);
    }

    /// <summary>An <see cref="OrderedSet{T}"/> that can be put into a dictionary.</summary>
    private sealed class OrderedSetOfWorkers : IReadOnlyCollection<WorkerState>
    {
        private OrderedSet<WorkerState> items;

        public int Count => items.Count;

        internal void Add(WorkerState ws) => items.Add(ws);

        internal bool Remove(WorkerState ws) => items.Remove(ws);

        public IEnumerator<WorkerState> GetEnumerator() => ((IEnumerable<WorkerState>)items).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
