namespace Csds.Scheduler;

/// <summary>
/// Copies what only a retiring worker holds to other workers, and drops there what others hold too (row S53): Dask's
/// policy of the same name. It ends by itself.
/// </summary>
internal sealed class RetireWorker(ActiveMemoryManager manager, WorkerState ws) : IMemoryPolicy
{
    /// <summary>Results could not be moved, for want of a worker to take them.</summary>
    internal bool NoRecipients { get; private set; }

    /// <summary>Whether nothing is left that only this worker holds, or all was in vain.</summary>
    internal bool IsDone
    {
        get
        {
            if (!manager.Policies.Contains(this) || ws.Status == WorkerStatus.Closed)
            {
                return true;
            }
            foreach (TaskState ts in ws.HasWhat)
            {
                if (ts.WhoHas.Count <= 1)
                {
                    return false;
                }
            }
            return true;
        }
    }

    /// <inheritdoc/>
    public void Run(MemoryRound round)
    {
        if (ws.Status == WorkerStatus.Closed)
        {
            manager.Remove(this);
            return;
        }
        Outbox log = round.State.Outbox;
        if (!ws.Actors.IsEmpty)
        {
            string actors = string.Join(", ", ws.Actors.Select(ts => ts.ToString()));
            Abort(log, $"it holds actor(s) {{{actors}}}, which can't be moved.");
            return;
        }
        (int moving, int stuck) = Suggest(round);
        if (stuck > 0)
        {
            Abort(log, $"{stuck} tasks could not be moved as there are no suitable workers to receive them. ");
        }
        else if (moving > 0)
        {
            log.Log(LogSeverity.Info, $"Retiring worker {ws.Address}; {moving} keys are being moved away.", LoggerNames.MemoryManager);
        }
        else
        {
            log.Log(LogSeverity.Info, $"Retiring worker {ws.Address}; no unique keys need to be moved away.", LoggerNames.MemoryManager);
            manager.Remove(this);
        }
    }

    private (int Moving, int Stuck) Suggest(MemoryRound round)
    {
        int moving = 0;
        int stuck = 0;
        foreach (TaskState ts in ws.HasWhat)
        {
            if (ts.Actor)
            {
                continue; // A proxy: an actor itself would have ended the matter above.
            }
            // Others hold it: it may go here, now or later, unless they all retire as well.
            if (ts.WhoHas.Count > 1 && (round.Drop(ts, ws) is not null || AnyRuns(ts)))
            {
                continue;
            }
            moving++;
            if (round.PendingReplicas(ts) == 0 && round.Replicate(ts) is null)
            {
                stuck++;
            }
        }
        return (moving, stuck);
    }

    private void Abort(Outbox log, string why)
    {
        NoRecipients = true;
        log.Log(LogSeverity.Warning, $"Tried retiring worker {ws.Address}, but {why}The worker will not be retired.", LoggerNames.MemoryManager);
        manager.Remove(this);
    }

    private static bool AnyRuns(TaskState ts)
    {
        foreach (WorkerState holder in ts.WhoHas)
        {
            if (holder.Status == WorkerStatus.Running)
            {
                return true;
            }
        }
        return false;
    }
}
