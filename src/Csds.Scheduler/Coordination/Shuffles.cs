using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// The P2P shuffles of Dask 2024.11 and later (rows S64, S65): who holds which output, and what becomes of a shuffle when a
/// worker is lost or its tasks are given up. Dask's <c>ShuffleSchedulerPlugin</c>.
/// </summary>
public sealed class Shuffles : ISchedulerObserver
{
    private const string BarrierPrefix = "shuffle-barrier-";

    private readonly SchedulerState s;
    private readonly Dictionary<Key, ShuffleRun> active = new(KeyComparer.Instance);

    // Until the barrier is forgotten: its runs, those that are over included.
    private readonly Dictionary<Key, List<ShuffleRun>> runs = new(KeyComparer.Instance);
    private readonly Dictionary<Key, List<ShuffleRun>> archived = new(KeyComparer.Instance);
    private long runIds;
    private int shift;

    internal Shuffles(SchedulerState s) => this.s = s;

    /// <summary>The runs that are under way.</summary>
    public IReadOnlyCollection<ShuffleRun> Active => active.Values;

    /// <summary>Number of runs that something is still known of.</summary>
    public int Known => runs.Values.Sum(r => r.Count);

    /// <summary>Whether a worker takes part in a run that is under way: it should not be retired to save work.</summary>
    public bool IsParticipating(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return active.Values.Any(run => run.Has(ws.Address));
    }

    /// <summary>The run of a shuffle that is under way; null if there is none.</summary>
    public ShuffleRun? Find(Key id) => active.GetValueOrDefault(id);

    /// <summary><c>shuffle_get</c>: a worker takes part in a run that exists.</summary>
    internal void Get(Request r)
    {
        string worker = Address(r);
        if (!s.Workers.TryGet(worker, out _))
        {
            Inconsistent(r, Unaware(worker));
        }
        else if (active.TryGetValue(r.Id, out ShuffleRun? run))
        {
            run.Join(worker);
            AnswerRunSpec(r, run);
        }
        else
        {
            Inconsistent(r, $"No active shuffle with id={r.Id.Repr()} found");
        }
    }

    /// <summary><c>shuffle_get_or_create</c>: a worker takes part; the first one begins the run.</summary>
    internal void GetOrCreate(Request r)
    {
        string worker = Address(r);
        if (!s.Workers.TryGet(worker, out _))
        {
            Inconsistent(r, Unaware(worker));
            return;
        }
        if (!active.TryGetValue(r.Id, out ShuffleRun? run))
        {
            run = Create(r, worker);
            if (run is null)
            {
                return;
            }
        }
        run.Join(worker);
        AnswerRunSpec(r, run);
    }

    /// <summary><c>shuffle_restrict_task</c>: an output task was sent to the wrong worker.</summary>
    internal void RestrictTask(Request r)
    {
        if (!active.TryGetValue(r.Id, out ShuffleRun? run))
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Id));
        }
        else if (run.RunId != r.RunId)
        {
            string problem = run.RunId > r.RunId ? "stale" : "invalid";
            Inconsistent(r, $"Request {problem}, expected run_id={r.RunId} for {run}");
        }
        else if (s.Tasks.Find(r.Key) is not { } ts)
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Key));
        }
        else
        {
            Restrict(ts, Address(r));
            s.Answer(r.Number, Answers.Value(static (ref MessageWriter w) =>
            {
                w.Map(1);
                w.Field("status"u8, "OK"u8);
            }));
        }
    }

    /// <summary>Progress of the runs that a worker takes part in: a map by id (row S65).</summary>
    internal void Heartbeat(WorkerState ws, ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            Key id = reader.ReadKey();
            Opaque progress = reader.ReadOpaque();
            Find(id)?.Heartbeat(ws, progress);
        }
    }

    /// <summary>Begins a shuffle anew: all its tasks are given up, and those that are needed run again.</summary>
    internal void Restart(Key id, byte[] stimulusId)
    {
        RecommendRestart(id);
        s.RunRecommendations(stimulusId);
        s.FillOpenSlots(stimulusId);
        s.Outbox.Log(LogSeverity.Warning, $"Shuffle {id} restarted due to stimulus '{Tokens.Text(stimulusId)}", LoggerNames.Shuffle);
    }

    /// <summary>A worker has left, and its tasks have moved on: every run that it took part in begins anew.</summary>
    internal void Forget(WorkerState ws, byte[] stimulusId)
    {
        foreach (ShuffleRun run in active.Values.ToArray())
        {
            if (run.Has(ws.Address))
            {
                FailOnWorkers(run, $"Worker {ws.Address} left during active {run}");
                Archive(run, stimulusId);
            }
        }
        // Those that ended when the tasks of the worker were given up are among them.
        if (archived.TryGetValue(new Key(stimulusId), out List<ShuffleRun>? ended))
        {
            foreach (Key id in ended.Select(run => run.Id).Distinct(KeyComparer.Instance).ToArray())
            {
                Restart(id, stimulusId);
            }
        }
    }

    /// <summary>The cluster begins anew.</summary>
    void ISchedulerObserver.Restarted()
    {
        active.Clear();
        runs.Clear();
        archived.Clear();
    }

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    /// <summary>When the barrier is given up the run is over.</summary>
    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (ts.State == TaskStateName.Erred && LogFailure(ts, context.StimulusId))
        {
            return;
        }
        if (ts.State is not (TaskStateName.Released or TaskStateName.Erred or TaskStateName.Forgotten)
            || ts.Details?.Shuffle is not { } spec)
        {
            return;
        }
        if (active.TryGetValue(spec.Id, out ShuffleRun? run))
        {
            FailOnWorkers(run, $"{run} forgotten");
            Archive(run, context.StimulusId);
        }
        if (ts.State == TaskStateName.Forgotten)
        {
            ForgetRuns(spec.Id);
        }
    }

    private static string Address(Request r) => new MessageReader(r.Worker).ReadString();

    private static string Unaware(string worker) => $"Scheduler is unaware of this worker {Key.FromString(worker).Repr()}";

    private TaskState? Barrier(Key id) => s.Tasks.Find(Key.FromString(BarrierPrefix + id));

    private void AnswerRunSpec(Request r, ShuffleRun run) => s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
    {
        w.Map(2);
        w.Field("status"u8, "OK"u8);
        w.Field("run_spec"u8, run.RunSpec);
    }));

    // Not a refusal: the worker looks at the status, and raises the exception itself.
    private void Inconsistent(Request r, string message)
    {
        var error = new PythonError("distributed.shuffle._exceptions", "P2PConsistencyError", message);
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) => error.Write(ref w, "error"u8)));
    }

    private ShuffleRun? Create(Request r, string worker)
    {
        if (Barrier(r.Id) is not { } barrier)
        {
            Inconsistent(
                r,
                $"Barrier task with key '{BarrierPrefix}{r.Id}' does not exist. This may be caused by "
                + "task fusion during graph generation. Please let us know that you ran "
                + "into this by leaving a comment at distributed#7816.");
        }
        else if (s.Tasks.Find(r.Key) is not { } ts)
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Key));
        }
        else if (ts.State != TaskStateName.Processing)
        {
            Inconsistent(r, $"Expected {ts} to be processing, is {ts.State.ToText()}.");
        }
        else if (barrier.Details?.Shuffle is not { } spec)
        {
            s.Refuse(r.Number, PythonError.AssertionError(""));
        }
        else
        {
            string[] workerFor = AssignOutput(barrier, spec);
            foreach (TaskState dts in barrier.Dependents)
            {
                // They run once to find out that they are on the wrong worker, which should not have to wait.
                dts.Queueable = false;
            }
            var run = new ShuffleRun(spec, ++runIds, workerFor, ts.Group.Span?.Id);
            active.Add(spec.Id, run);
            AddTo(runs, spec.Id, run);
            s.Outbox.Log(
                LogSeverity.Warning, $"Shuffle {spec.Id} initialized by task {ts.Key.Repr()} executed on worker {worker}", LoggerNames.Shuffle);
            return run;
        }
        return null;
    }

    // Dask's _calculate_worker_for.
    private string[] AssignOutput(TaskState barrier, ShuffleSpec spec)
    {
        IReadOnlyList<string> candidates = barrier.Details?.WorkerRestrictions is { Count: > 0 } restricted
            ? restricted
            : [.. s.Workers.Sorted.Select(ws => ws.Address)];
        // Many small shuffles at once are not all to begin with the same worker.
        int first = shift++ % candidates.Count;
        string[] workers = [.. candidates.Skip(first), .. candidates.Take(first)];
        Dictionary<Key, string> shared = SharedOutput(barrier);
        string[] workerFor = new string[spec.Partitions.Length];
        for (int i = 0; i < workerFor.Length; i++)
        {
            workerFor[i] = shared.GetValueOrDefault(spec.Partitions[i]) ?? spec.PickWorker(i, workers);
        }
        return workerFor;
    }

    // A join takes its input from two shuffles: what both have of a partition has to be on the same worker, although
    // workers may have come or gone between their beginnings.
    private Dictionary<Key, string> SharedOutput(TaskState barrier)
    {
        var shared = new Dictionary<Key, string>(KeyComparer.Instance);
        var seen = new HashSet<TaskState> { barrier };
        foreach (TaskState dts in barrier.Dependents)
        {
            foreach (TaskState other in dts.Dependencies)
            {
                if (seen.Add(other) && other.Details?.Shuffle is { } spec && Find(spec.Id) is { } run)
                {
                    for (int i = 0; i < run.Partitions.Count; i++)
                    {
                        shared[run.Partitions[i]] = run.WorkerFor[i];
                    }
                }
            }
        }
        return shared;
    }

    // Two shuffles that share an output task both ask for it.
    private static void Restrict(TaskState ts, string worker)
    {
        TaskDetails details = ts.EnsureDetails();
        if (details.BeforeShuffle is null)
        {
            details.BeforeShuffle = new FormerRestrictions(details.WorkerRestrictions);
            details.WorkerRestrictions = [worker];
        }
    }

    private static void Unrestrict(TaskState ts)
    {
        if (ts.Details is { BeforeShuffle: { } former })
        {
            TaskDetails details = ts.EnsureDetails();
            details.BeforeShuffle = null;
            details.WorkerRestrictions = former.Workers;
        }
    }

    private void RecommendRestart(Key id)
    {
        if (Barrier(id) is not { } barrier)
        {
            return;
        }
        foreach (TaskState dts in barrier.Dependents)
        {
            if (dts.State == TaskStateName.Erred)
            {
                return; // It has failed for good.
            }
        }
        foreach (TaskState ts in (TaskState[])[.. barrier.Dependents, barrier, .. barrier.Dependencies])
        {
            s.Recommendations.Add(ts, TaskStateName.Released);
        }
    }

    // True if a task of a run is the cause of a failure, which is said once for a run.
    private bool LogFailure(TaskState ts, byte[] stimulusId)
    {
        if (active.Count == 0 || !ReferenceEquals(ts.ExceptionBlame, ts))
        {
            return false;
        }
        foreach (ShuffleRun run in active.Values)
        {
            if (run.Failed || Barrier(run.Id) is not { } barrier
                || !(ReferenceEquals(ts, barrier) || barrier.Dependents.Contains(ts) || barrier.Dependencies.Contains(ts)))
            {
                continue;
            }
            run.Failed = true;
            s.LogEvent(["p2p"], 3, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "p2p-failed"u8);
                w.FieldToken("shuffle"u8, run.Id.Token);
                w.FieldToken("stimulus"u8, stimulusId);
            });
            return true;
        }
        return false;
    }

    private void FailOnWorkers(ShuffleRun run, string message)
    {
        foreach (string address in run.Participants)
        {
            if (s.Workers.TryGet(address, out WorkerState? ws))
            {
                s.Outbox.To(ws).ShuffleFail(run.Id, run.RunId, message);
            }
        }
    }

    // Dask's _clean_on_scheduler.
    private void Archive(ShuffleRun run, byte[] stimulusId)
    {
        active.Remove(run.Id);
        s.Outbox.Log(LogSeverity.Warning, $"Shuffle {run.Id} deactivated due to stimulus '{Tokens.Text(stimulusId)}'", LoggerNames.Shuffle);
        run.ArchivedBy = stimulusId;
        AddTo(archived, new Key(stimulusId), run);
        if (Barrier(run.Id) is { } barrier)
        {
            foreach (TaskState dts in barrier.Dependents)
            {
                Unrestrict(dts);
            }
        }
    }

    private void ForgetRuns(Key id)
    {
        if (!runs.Remove(id, out List<ShuffleRun>? known))
        {
            return;
        }
        foreach (ShuffleRun run in known)
        {
            if (run.ArchivedBy is { } stimulus && archived.TryGetValue(new Key(stimulus), out List<ShuffleRun>? together)
                && together.Remove(run) && together.Count == 0)
            {
                archived.Remove(new Key(stimulus));
            }
        }
    }

    private static void AddTo(Dictionary<Key, List<ShuffleRun>> lists, Key key, ShuffleRun run)
    {
        if (!lists.TryGetValue(key, out List<ShuffleRun>? list))
        {
            lists[key] = list = [];
        }
        list.Add(run);
    }
}
