using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One execution of a P2P shuffle: Dask's <c>SchedulerShuffleState</c>.</summary>
public sealed class ShuffleRun
{
    private readonly Dictionary<string, Opaque> heartbeats = [];
    private readonly HashSet<string> participants = [];
    private readonly List<string> inOrder = [];
    private readonly ShuffleSpec spec;

    /// <summary>Begins a run.</summary>
    /// <param name="spec">The shuffle.</param>
    /// <param name="runId">Number of the run, among those of all shuffles, from 1.</param>
    /// <param name="workerFor">The address of the worker for each partition of the spec.</param>
    /// <param name="spanId">The span of the task that began it; null: none.</param>
    internal ShuffleRun(ShuffleSpec spec, long runId, string[] workerFor, string? spanId)
    {
        this.spec = spec;
        RunId = runId;
        WorkerFor = workerFor;
        foreach (string worker in workerFor)
        {
            Join(worker);
        }
        RunSpec = Pickled.Value(PickleRunSpec(spanId));
    }

    /// <summary>The shuffle's id.</summary>
    public Key Id => spec.Id;

    /// <summary>Number of the run; a later run of the shuffle has a larger one.</summary>
    public long RunId { get; }

    /// <summary>The output partitions.</summary>
    public IReadOnlyList<Key> Partitions => spec.Partitions;

    /// <summary>The address of the worker for each partition.</summary>
    public IReadOnlyList<string> WorkerFor { get; }

    /// <summary>Addresses of the workers that hold output, or have asked for the run.</summary>
    public IReadOnlyList<string> Participants => inOrder;

    /// <summary>What the workers that take part last said about their progress, by address.</summary>
    public IReadOnlyDictionary<string, Opaque> Heartbeats => heartbeats;

    /// <summary>What ended the run, as a token; null: it is under way.</summary>
    public byte[]? ArchivedBy { get; internal set; }

    /// <summary>That one of its tasks has failed was said already.</summary>
    internal bool Failed { get; set; }

    /// <summary>Dask's <c>ShuffleRunSpec</c>, for a worker to unpickle.</summary>
    internal Opaque RunSpec { get; }

    /// <summary>Whether a worker takes part.</summary>
    public bool Has(string worker) => participants.Contains(worker);

    internal void Join(string worker)
    {
        if (participants.Add(worker))
        {
            inOrder.Add(worker);
        }
    }

    internal void Heartbeat(WorkerState ws, Opaque progress) => heartbeats[ws.Address] = progress;

    /// <inheritdoc/>
    public override string ToString() => $"SchedulerShuffleState<{Id}[{RunId}]>";

    private byte[] PickleRunSpec(string? spanId)
    {
        PickleWriter pickle = new PickleWriter()
            .Global("distributed.shuffle._core", "ShuffleRunSpec").Mark().Tuple().NewObject()
            .Mark()
            .Str("run_id").Int(RunId)
            .Str("spec").Loads(spec.Pickle)
            .Str("worker_for").Mark();
        var numbers = new Dictionary<string, int>();
        for (int i = 0; i < WorkerFor.Count; i++)
        {
            pickle.Value(Partitions[i]);
            if (numbers.TryGetValue(WorkerFor[i], out int number))
            {
                pickle.Get(number);
                continue;
            }
            numbers.Add(WorkerFor[i], numbers.Count);
            pickle.Str(WorkerFor[i]).Memoize();
        }
        return pickle.Dict().Str("span_id").StrOrNone(spanId).Dict().Build().ToArray();
    }
}
