using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Which results have to move so that workers use about the same amount of memory (rows R28, S58): Dask's
/// <c>_rebalance_find_msgs</c>.
/// </summary>
public static class Rebalance
{
    /// <summary>The moves: sender, recipient and task.</summary>
    /// <param name="s">The state.</param>
    /// <param name="keys">The only keys to move; null: all.</param>
    /// <param name="workers">The only workers to look at, at least one.</param>
    public static IReadOnlyList<(WorkerState Sender, WorkerState Recipient, TaskState Task)> Plan(
        SchedulerState s, IReadOnlySet<Key>? keys, IReadOnlyList<WorkerState> workers)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(workers);
        (PriorityQueue<Party, Rank> senders, PriorityQueue<Party, Rank> recipients) = Divide(s, workers);
        var moves = new List<(WorkerState Sender, WorkerState Recipient, TaskState Task)>();
        if (senders.Count == 0 || recipients.Count == 0)
        {
            LogNothingToDo(s, senders.Count, recipients.Count);
            return moves;
        }
        while (senders.Count > 0 && recipients.Count > 0)
        {
            Party sender = senders.Dequeue();
            if (NextMove(s, sender, recipients, keys) is not var (ts, recipient))
            {
                continue; // Nothing more can leave this sender.
            }
            moves.Add((sender.Worker, recipient.Worker, ts));
            Settle(senders, sender, s.NBytesOf(ts));
            Settle(recipients, recipient, s.NBytesOf(ts));
        }
        return moves;
    }

    private static (PriorityQueue<Party, Rank> Senders, PriorityQueue<Party, Rank> Recipients) Divide(
        SchedulerState s, IReadOnlyList<WorkerState> workers)
    {
        SchedulerOptions options = s.Options;
        Func<MemoryState, long> measure = MemoryMeasures.Find(options.RebalanceMeasure, options.Dialect)
            ?? throw new ArgumentException($"distributed.worker.memory.rebalance.measure: {options.RebalanceMeasure}");
        long[] memory = [.. workers.Select(ws => measure(MemoryState.Of(ws)))];
        long mean = memory.Sum() / memory.Length;
        var senders = new PriorityQueue<Party, Rank>();
        var recipients = new PriorityQueue<Party, Rank>();
        for (int i = 0; i < memory.Length; i++)
        {
            WorkerState ws = workers[i];
            bool limited = ws.MemoryLimit > 0;
            long halfGap = limited ? (long)(options.RebalanceGap / 2 * ws.MemoryLimit) : 0;
            double senderMin = limited ? options.RebalanceSenderMin * ws.MemoryLimit : 0;
            double recipientMax = limited ? options.RebalanceRecipientMax * ws.MemoryLimit : double.PositiveInfinity;
            if (!ws.HasWhat.IsEmpty && memory[i] >= mean + halfGap && memory[i] >= senderMin)
            {
                Settle(senders, new Party(ws, mean - memory[i], mean - memory[i] + halfGap), 0, always: true);
            }
            else if (memory[i] < mean - halfGap && memory[i] < recipientMax)
            {
                Settle(recipients, new Party(ws, memory[i] - mean, memory[i] - mean + halfGap), 0, always: true);
            }
        }
        return (senders, recipients);
    }

    // The next result that may leave the sender, the least recently inserted first, and who takes it.
    private static (TaskState Task, Party Recipient)? NextMove(
        SchedulerState s, Party sender, PriorityQueue<Party, Rank> recipients, IReadOnlySet<Key>? keys)
    {
        while (sender.Next() is { } ts)
        {
            long nbytes = s.NBytesOf(ts);
            // It must not bring the sender below the mean, or results would bounce around.
            if ((keys is null || keys.Contains(ts.Key)) && nbytes + sender.Max <= 0
                && TakeRecipient(ts, nbytes, recipients) is { } recipient)
            {
                return (ts, recipient);
            }
        }
        return null;
    }

    // The recipient farthest below the mean that has room for the result and does not hold it.
    private static Party? TakeRecipient(TaskState ts, long nbytes, PriorityQueue<Party, Rank> recipients)
    {
        var skipped = new List<Party>();
        Party? found = null;
        while (found is null && recipients.TryPeek(out Party? first, out _) && nbytes + first.Max <= 0)
        {
            recipients.Dequeue();
            if (ts.WhoHas.Contains(first.Worker))
            {
                skipped.Add(first);
            }
            else
            {
                found = first;
            }
        }
        foreach (Party party in skipped)
        {
            recipients.Enqueue(party, party.Rank);
        }
        return found;
    }

    // Back into the line with so many bytes less to go, unless the rest is not worth it.
    private static void Settle(PriorityQueue<Party, Rank> line, Party party, long nbytes, bool always = false)
    {
        party.Max += nbytes;
        party.Min += nbytes;
        if (always || party.Min < 0)
        {
            line.Enqueue(party, party.Rank);
        }
    }

    private static void LogNothingToDo(SchedulerState s, int senders, int recipients) =>
        s.LogEvent(["all"], 4, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "rebalance"u8);
            w.Field("senders"u8, senders);
            w.Field("recipients"u8, recipients);
            w.Field("moved_keys"u8, 0);
        });

    private readonly record struct Rank(long Max, long Min, long Insertion) : IComparable<Rank>
    {
        public int CompareTo(Rank other)
        {
            int result = Max.CompareTo(other.Max);
            result = result != 0 ? result : Min.CompareTo(other.Min);
            return result != 0 ? result : Insertion.CompareTo(other.Insertion);
        }
    }

    // Bytes are negative: who is farthest from the mean comes first.
    private sealed class Party(WorkerState worker, long max, long min)
    {
        private TaskState[]? tasks;
        private int next;

        internal WorkerState Worker => worker;

        internal long Max { get; set; } = max;

        internal long Min { get; set; } = min;

        internal Rank Rank => new(Max, Min, worker.Insertion);

        internal TaskState? Next()
        {
            tasks ??= worker.HasWhat.ToArray();
            return next < tasks.Length ? tasks[next++] : null;
        }
    }
}
