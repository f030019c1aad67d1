using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Workers that leave in good order (rows R31, S53): they get no more tasks, what only they hold is copied to others,
/// and then they are removed. Dask's <c>retire_workers</c> without its waiting.
/// </summary>
public sealed class Retirement
{
    // Of the manager that runs for retirements alone, in seconds.
    private const double TemporaryInterval = 2;

    private readonly SchedulerState s;
    private readonly byte[] stimulusId;
    private readonly ActiveMemoryManager manager;
    private readonly bool isTemporary;
    private readonly Dictionary<WorkerState, (RetireWorker Policy, WorkerStatus Former)> workers = [];

    private Retirement(SchedulerState s, byte[] stimulusId)
    {
        this.s = s;
        this.stimulusId = stimulusId;
        isTemporary = !s.MemoryManager.IsRunning;
        manager = isTemporary ? new ActiveMemoryManager(s, TemporaryInterval) : s.MemoryManager;
    }

    /// <summary>The workers.</summary>
    public IReadOnlyCollection<WorkerState> Workers => workers.Keys;

    /// <summary>Begins: the workers change their status and a round of the active memory manager is run.</summary>
    /// <param name="s">The state.</param>
    /// <param name="workers">Workers that are there.</param>
    /// <param name="stimulusId">What caused it, as a token.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static Retirement Begin(SchedulerState s, IReadOnlyList<WorkerState> workers, byte[] stimulusId, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(workers);
        s.Now = now;
        var retirement = new Retirement(s, stimulusId);
        if (retirement.isTemporary)
        {
            retirement.manager.Start();
        }
        foreach (WorkerState ws in workers.Distinct())
        {
            if (s.Options.Dialect.PackedGraphs)
            {
                s.Outbox.Log(LogSeverity.Info, $"Retiring worker {ws.Address}");
            }
            var policy = new RetireWorker(retirement.manager, ws);
            retirement.manager.Add(policy);
            retirement.workers.Add(ws, (policy, ws.Status));
            s.WorkerStatusChange(ws, WorkerStatus.ClosingGracefully, stimulusId);
            s.Outbox.To(ws).WorkerStatusChange(ws.Status, stimulusId);
        }
        retirement.manager.RunOnce();
        s.CheckInvariants();
        return retirement;
    }

    /// <summary>Seconds after which to look again: the more results there are, the later.</summary>
    public static double PollInterval(WorkerState ws)
    {
        ArgumentNullException.ThrowIfNull(ws);
        return Math.Clamp(ws.HasWhat.Count / 400.0, 0.01, 0.5);
    }

    /// <summary>Whether the worker may go, or cannot.</summary>
    public bool IsDone(WorkerState ws) => workers[ws].Policy.IsDone;

    /// <summary>Removes a worker that is done; false if its results could not be moved, and it works on.</summary>
    /// <param name="ws">The worker.</param>
    /// <param name="close">Tell it to close.</param>
    /// <param name="remove">Remove it at once; otherwise it stays until it leaves.</param>
    /// <param name="now">Seconds since 1970.</param>
    public bool Finish(WorkerState ws, bool close, bool remove, double now)
    {
        s.Now = now;
        (RetireWorker policy, WorkerStatus former) = workers[ws];
        bool brief = s.Options.Dialect.PackedGraphs;
        string stimulus = Tokens.Text(stimulusId);
        if (policy.NoRecipients)
        {
            // The worker reports the change, and gets tasks again from then on.
            s.Outbox.To(ws).WorkerStatusChange(former, stimulusId);
            if (!brief)
            {
                s.Outbox.Log(
                    LogSeverity.Warning,
                    $"Could not retire worker '{ws.Address}': unique data could not be moved to any other worker "
                    + $"(stimulus_id='{stimulus}')");
            }
            return false;
        }
        if (remove)
        {
            s.RemoveWorker(ws, stimulusId, expected: true, close, now);
        }
        else if (close)
        {
            s.CloseWorker(ws);
        }
        s.Outbox.Log(LogSeverity.Info, brief ? $"Retired worker {ws.Address}" : $"Retired worker '{ws.Address}' (stimulus_id='{stimulus}')");
        return true;
    }

    /// <summary>All workers are finished.</summary>
    /// <param name="retired">Those that went.</param>
    /// <param name="now">Seconds since 1970.</param>
    public void End(IReadOnlyCollection<WorkerState> retired, double now)
    {
        ArgumentNullException.ThrowIfNull(retired);
        s.Now = now;
        // A manager of the user's goes on: what is left on a worker that stays will be dropped by and by.
        if (isTemporary)
        {
            manager.Stop();
        }
        string[] addresses = [.. retired.Select(ws => ws.Address)];
        if (s.Options.Dialect.PackedGraphs)
        {
            s.LogEvent(["all"], 2, (ref MessageWriter w) => WriteBriefly(ref w, retired));
            s.LogEvent(addresses, 1, (ref MessageWriter w) => w.Field("action"u8, "retired"u8));
            return;
        }
        string[] stayed = [.. workers.Keys.Except(retired).Select(ws => ws.Address)];
        s.LogEvent(["all"], 4, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "retire-workers"u8);
            WriteAddresses(ref w, "retired"u8, addresses);
            WriteAddresses(ref w, "could-not-retire"u8, stayed);
            w.FieldToken("stimulus_id"u8, stimulusId);
        });
        LogAction(addresses, "retired");
        LogAction(stayed, "could-not-retire");
    }

    private void LogAction(string[] addresses, string action) => s.LogEvent(addresses, 2, (ref MessageWriter w) =>
    {
        w.Field("action"u8, action);
        w.FieldToken("stimulus_id"u8, stimulusId);
    });

    private static void WriteBriefly(ref MessageWriter w, IReadOnlyCollection<WorkerState> retired)
    {
        w.Field("action"u8, "retire-workers"u8);
        w.Text("workers"u8);
        w.Map(retired.Count);
        foreach (WorkerState ws in retired)
        {
            w.Token(ws.AddressToken);
            WorkerIdentity.Write(ref w, ws, withMetrics: true);
        }
    }

    private static void WriteAddresses(ref MessageWriter w, ReadOnlySpan<byte> name, string[] addresses)
    {
        w.Text(name);
        w.List(addresses.Length);
        foreach (string address in addresses)
        {
            w.Text(address);
        }
    }
}
