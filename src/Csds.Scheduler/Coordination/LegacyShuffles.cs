using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// The P2P shuffles of 2022 (row S63): its <c>ShuffleSchedulerExtension</c>. A shuffle that loses a worker fails, and what
/// has failed or has been forgotten does not begin anew.
/// </summary>
public sealed class LegacyShuffles : ISchedulerObserver
{
    private const string BarrierPrefix = "shuffle-barrier-";

    private readonly SchedulerState s;
    private readonly Dictionary<Key, Shuffle> shuffles = new(KeyComparer.Instance);
    private readonly HashSet<Key> tombstones = new(KeyComparer.Instance);

    internal LegacyShuffles(SchedulerState s) => this.s = s;

    /// <summary>Number of shuffles whose barrier is not forgotten.</summary>
    public int Count => shuffles.Count;

    /// <summary><c>shuffle_get</c>: a worker takes part; the first one brings schema and column.</summary>
    internal void Get(Request r)
    {
        if (tombstones.Contains(r.Id))
        {
            Fail(r, $"Shuffle {r.Id} has already been forgotten");
            return;
        }
        if (!shuffles.TryGetValue(r.Id, out Shuffle? shuffle))
        {
            shuffle = Create(r);
            if (shuffle is null)
            {
                return;
            }
            shuffles.Add(r.Id, shuffle);
        }
        if (shuffle.Error is { } error)
        {
            Fail(r, error);
            return;
        }
        Add(shuffle.Participants, new MessageReader(r.Worker).ReadString());
        s.Answer(r.Number, Answers.Value(shuffle.Write));
    }

    /// <summary><c>shuffle_get_participating_workers</c>: their addresses.</summary>
    internal void GetParticipatingWorkers(Request r)
    {
        if (!shuffles.TryGetValue(r.Id, out Shuffle? shuffle))
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Id));
            return;
        }
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
        {
            w.List(shuffle.Participants.Count);
            foreach (string worker in shuffle.Participants)
            {
                w.Text(worker);
            }
        }));
    }

    /// <summary><c>shuffle_register_complete</c>: a worker has read all that it has of a shuffle.</summary>
    internal void RegisterComplete(Request r)
    {
        if (!shuffles.TryGetValue(r.Id, out Shuffle? shuffle))
        {
            s.Outbox.Log(LogSeverity.Info, "Worker shuffle reported complete after shuffle was removed", LoggerNames.LegacyShuffle);
        }
        else if (shuffle.Error is { } error)
        {
            s.Refuse(r.Number, PythonError.RuntimeError(error));
            return;
        }
        s.Answer(r.Number);
    }

    /// <summary>
    /// A worker has left, and its tasks have moved on: the shuffles that it took part in fail. Output that it had can
    /// be asked for anywhere, so that whoever asks learns of the failure.
    /// </summary>
    internal void Forget(WorkerState ws)
    {
        byte[] stimulus = s.Stimulus("shuffle-failed-worker-left");
        foreach ((Key id, Shuffle shuffle) in shuffles)
        {
            if (!shuffle.Participants.Contains(ws.Address))
            {
                continue;
            }
            shuffle.Error = $"Worker {ws.Address} left during active shuffle {id}";
            FailOnWorkers(id, shuffle, shuffle.Error);
            if (Barrier(id) is { State: TaskStateName.Memory } barrier)
            {
                RecommendElsewhere(barrier, ws);
            }
        }
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
    }

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (ts.State != TaskStateName.Forgotten || shuffles.Count == 0 || IdOf(ts.Key) is not { } id
            || !shuffles.Remove(id, out Shuffle? shuffle))
        {
            return;
        }
        tombstones.Add(id);
        FailOnWorkers(id, shuffle, $"Shuffle {id} forgotten");
    }

    private TaskState? Barrier(Key id) => s.Tasks.Find(Key.FromString(BarrierPrefix + id));

    private static Key? IdOf(Key key)
    {
        string text = key.ToString();
        return text.StartsWith(BarrierPrefix, StringComparison.Ordinal) ? Key.FromString(text[BarrierPrefix.Length..]) : null;
    }

    private void Fail(Request r, string message) => s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
    {
        w.Map(2);
        w.Field("status"u8, "ERROR"u8);
        w.Field("message"u8, message);
    }));

    private Shuffle? Create(Request r)
    {
        if (r.Schema.IsNil || r.Column.IsNil || r.NPartitions is not { } npartitions)
        {
            s.Refuse(r.Number, PythonError.AssertionError(""));
            return null;
        }
        if (Barrier(r.Id) is not { } barrier)
        {
            s.Refuse(r.Number, PythonError.KeyError(BarrierPrefix + r.Id));
            return null;
        }
        var shuffle = new Shuffle(r.Schema, r.Column);
        foreach (TaskState ts in barrier.Dependents)
        {
            if (PartitionOf(ts) is not { } partition)
            {
                s.Refuse(r.Number, PythonError.KeyError("shuffle"));
                return null;
            }
            TaskDetails details = ts.EnsureDetails();
            string worker = details.WorkerRestrictions is { Count: > 0 } restrictions
                ? restrictions[0]
                : s.Workers.Sorted[(int)((long)s.Workers.Count * partition / npartitions)].Address;
            details.WorkerRestrictions = [worker];
            shuffle.WorkerFor.Add((partition, worker));
            Add(shuffle.OutputWorkers, worker);
            Add(shuffle.Participants, worker);
        }
        return shuffle;
    }

    // The annotation that the layer gives to its output.
    private static long? PartitionOf(TaskState ts)
    {
        if (ts.Details?.Annotations is not { } annotations)
        {
            return null;
        }
        var reader = new MessageReader(annotations);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            if (reader.ReadString() == "shuffle")
            {
                return reader.ReadInt64();
            }
            reader.Skip();
        }
        return null;
    }

    private void RecommendElsewhere(TaskState barrier, WorkerState gone)
    {
        foreach (TaskState ts in barrier.Dependents)
        {
            if (ts.Details is { WorkerRestrictions: { } workers } && workers.Contains(gone.Address))
            {
                ts.EnsureDetails().WorkerRestrictions = null;
                s.Recommendations.Add(ts, TaskStateName.Waiting);
            }
        }
    }

    private void FailOnWorkers(Key id, Shuffle shuffle, string message)
    {
        foreach (string address in shuffle.Participants)
        {
            if (s.Workers.TryGet(address, out WorkerState? ws))
            {
                s.Outbox.To(ws).ShuffleFail(id, null, message);
            }
        }
    }

    private static void Add(List<string> addresses, string address)
    {
        if (!addresses.Contains(address))
        {
            addresses.Add(address);
        }
    }

    private sealed class Shuffle(Opaque schema, Opaque column)
    {
        internal List<(long Partition, string Worker)> WorkerFor { get; } = [];

        internal List<string> OutputWorkers { get; } = [];

        internal List<string> Participants { get; } = [];

        /// <summary>Why it has failed.</summary>
        internal string? Error { get; set; }

        internal void Write(ref MessageWriter w)
        {
            w.Map(5);
            w.Field("status"u8, "OK"u8);
            w.Text("worker_for"u8);
            w.Map(WorkerFor.Count);
            foreach ((long partition, string worker) in WorkerFor)
            {
                w.Int(partition);
                w.Text(worker);
            }
            w.Field("column"u8, column);
            w.Field("schema"u8, schema);
            w.Text("output_workers"u8);
            w.Set(OutputWorkers.Count);
            foreach (string worker in OutputWorkers)
            {
                w.Text(worker);
            }
        }
    }
}
