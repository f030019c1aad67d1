namespace Csds.Scheduler;

/// <summary>Decides which tasks to move: Dask's <c>WorkStealing.balance</c> (row S50), run at an interval.</summary>
internal static class StealBalance
{
    /// <summary>Without saturated workers, this many of the busiest are looked at.</summary>
    private const int Busiest = 10;

    /// <summary>Workers that have less to do than this, in seconds, keep it.</summary>
    private const double WorthStealing = 0.2;

    /// <summary>One round. Looks at all workers only if some are idle and others are not.</summary>
    internal static void Balance(SchedulerState s)
    {
        int idle = s.Workers.Idle.Count;
        if (idle == 0 || idle == s.Workers.Count)
        {
            return;
        }
        var moves = new List<StealLog.Move>();
        Look(s, [.. s.Workers.Idle], moves);
        StealLog.Requested(s, moves);
    }

    private static void Look(SchedulerState s, List<WorkerState> thieves, List<StealLog.Move> moves)
    {
        WorkerState[] victims = Victims(s);
        for (int level = 0; level < StealableTasks.Levels; level++)
        {
            foreach (WorkerState victim in victims)
            {
                if (thieves.Count == 0)
                {
                    return;
                }
                StealFrom(s, victim, level, thieves, moves);
                s.CheckIdleSaturated(victim, s.Stealing.CombinedOccupancy(victim));
            }
        }
    }

    private static WorkerState[] Victims(SchedulerState s)
    {
        WorkStealing stealing = s.Stealing;
        if (!s.Workers.Saturated.IsEmpty)
        {
            return [.. s.Workers.Saturated.ToArray().OrderByDescending(stealing.CombinedOccupancy)];
        }
        return
        [
            .. s.Workers.Sorted.OrderByDescending(stealing.CombinedOccupancy).Take(Busiest)
                .Where(ws => stealing.CombinedOccupancy(ws) > WorthStealing
                    && WorkStealing.CombinedProcessing(ws) > ws.NThreads && !s.Workers.Idle.Contains(ws)),
        ];
    }

    private static void StealFrom(
        SchedulerState s, WorkerState victim, int level, List<WorkerState> thieves, List<StealLog.Move> moves)
    {
        // In Dask the order is that of a set. What came last begins last, and so is the most likely to be still there.
        TaskState[] stealable = victim.Stealable.At(level);
        for (int i = stealable.Length - 1; i >= 0 && thieves.Count > 0; i--)
        {
            TaskState ts = stealable[i];
            if (FindThief(s, ts, thieves) is { } thief && IsWorthIt(s, ts, victim, thief))
            {
                double cost = s.Occupancy.DurationOf(ts.Prefix) + s.CommCost(ts, victim);
                s.Stealing.RequestCounts[level]++;
                s.Stealing.RequestCosts[level] += cost;
                moves.Add(new StealLog.Move(
                    level, ts, cost, victim, s.Stealing.CombinedOccupancy(victim), thief, s.Stealing.CombinedOccupancy(thief)));
                s.Stealing.Request(ts, victim, thief);
                if (!s.IsUnoccupied(thief, s.Stealing.CombinedOccupancy(thief), WorkStealing.CombinedProcessing(thief)))
                {
                    thieves.Remove(thief);
                }
            }
        }
    }

    private static bool IsWorthIt(SchedulerState s, TaskState ts, WorkerState victim, WorkerState thief)
    {
        double compute = s.Occupancy.DurationOf(ts.Prefix);
        double thiefDone = s.Stealing.CombinedOccupancy(thief) + s.CommCost(ts, thief) + compute;
        double victimDone = s.Stealing.CombinedOccupancy(victim) - ((s.CommCost(ts, victim) + compute) / 2);
        return thiefDone <= victimDone;
    }

    // Dask's _get_thief and stealing_objective.
    private static WorkerState? FindThief(SchedulerState s, TaskState ts, List<WorkerState> thieves)
    {
        IReadOnlySet<WorkerState>? valid = s.ValidWorkers(ts);
        if (valid is not null && !thieves.Exists(valid.Contains))
        {
            if (ts.Details is not { LooseRestrictions: true })
            {
                return null;
            }
            valid = null;
        }
        WorkerState? best = null;
        Objective bestObjective = default;
        foreach (WorkerState ws in thieves)
        {
            if (valid?.Contains(ws) ?? true)
            {
                double start = (s.Stealing.CombinedOccupancy(ws) / ws.NThreads) + s.CommCost(ts, ws);
                var objective = new Objective(0, start, ws.NBytes, ws.Rank);
                if (best is null || objective < bestObjective)
                {
                    (best, bestObjective) = (ws, objective);
                }
            }
        }
        return best;
    }
}
