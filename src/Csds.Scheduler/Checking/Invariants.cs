using System.Runtime.CompilerServices;
using System.Text;

namespace Csds.Scheduler;

/// <summary>What must hold between any two events: Dask's <c>validate_*</c> (row S12), and our own bookkeeping.</summary>
public static class Invariants
{
    /// <summary>With <c>validate</c>: checks the tasks that moved since the last check.</summary>
    /// <exception cref="InvariantException">One does not hold.</exception>
    internal static void CheckInvariants(this SchedulerState s)
    {
        if (!s.Options.Validate)
        {
            return;
        }
        foreach (TaskState ts in s.Touched)
        {
            if (ts.State != TaskStateName.Forgotten)
            {
                CheckTask(s, ts);
            }
        }
        s.Touched.Clear();
        Check(s.Recommendations.IsEmpty, $"recommendations are left over");
    }

    /// <summary>Checks everything; linear in the size of the state.</summary>
    /// <exception cref="InvariantException">Something does not hold.</exception>
    public static void CheckAll(SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            CheckTask(s, ts);
        }
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            CheckWorker(s, ws);
        }
        foreach (ClientState cs in s.AllClients.Values)
        {
            foreach (TaskState ts in cs.WantsWhat)
            {
                Check(ts.WhoWants.Contains(cs), "wants_what without who_wants", ts);
                Check(ReferenceEquals(s.Tasks.Find(ts.Key), ts), "wants a forgotten task", ts);
            }
        }
        CheckTotals(s);
        CheckQueue(s);
        CheckStealing(s);
    }

    private static void CheckTask(SchedulerState s, TaskState ts)
    {
        CheckLinks(ts);
        CheckState(s, ts);
        foreach (TaskState dts in ts.Dependencies)
        {
            if (ts.IsInPlay)
            {
                Check(!dts.WhoHas.IsEmpty != ts.WaitingOn.Contains(dts), "waiting_on is not the missing dependencies", ts);
                Check(dts.Waiters.Contains(ts) || WaitsUnseen(dts), "not among the waiters of a dependency", ts);
            }
            else
            {
                Check(!dts.Waiters.Contains(ts), "among the waiters of a dependency", ts);
            }
        }
    }

    private static void CheckLinks(TaskState ts)
    {
        foreach (TaskState dts in ts.Dependencies)
        {
            Check(dts.Dependents.Contains(ts), "not among the dependents of a dependency", ts);
            Check(dts.State != TaskStateName.Forgotten, "depends on a forgotten task", ts);
        }
        foreach (TaskState dts in ts.Dependents)
        {
            Check(dts.Dependencies.Contains(ts), "not among the dependencies of a dependent", ts);
        }
        foreach (TaskState dts in ts.WaitingOn)
        {
            Check(ts.Dependencies.Contains(dts), "waits on no dependency", ts);
            Check(dts.State != TaskStateName.Released || WaitsUnseen(dts), "waits on a released task", ts);
            Check(dts.State != TaskStateName.Erred, "waits on a failed task", ts);
        }
        foreach (TaskState dts in ts.Waiters)
        {
            Check(ts.Dependents.Contains(dts), "a waiter is no dependent", ts);
            Check(dts.IsInPlay, "a waiter is not in play", ts);
        }
        foreach (ClientState cs in ts.WhoWants)
        {
            Check(cs.WantsWhat.Contains(ts), "who_wants without wants_what", ts);
        }
        foreach (WorkerState ws in ts.WhoHas)
        {
            Check(ws.HasWhat.Contains(ts), "who_has without has_what", ts);
            Check(ws.Status != WorkerStatus.Closed, "held by a worker that is gone", ts);
        }
    }

    private static void CheckState(SchedulerState s, TaskState ts)
    {
        TaskStateName state = ts.State;
        Check((ts.ProcessingOn is not null) == (state == TaskStateName.Processing), "processing_on", ts);
        Check(!ts.WhoHas.IsEmpty == (state == TaskStateName.Memory), "who_has", ts);
        Check(!ts.WaitingOn.IsEmpty == (state == TaskStateName.Waiting) || ts.AwaitsTurn, "waiting_on", ts);
        Check((ts.QueueTicket != 0) == (state == TaskStateName.Queued), "queued", ts);
        Check(s.Unrunnable.Contains(ts) == (state == TaskStateName.NoWorker), "unrunnable", ts);
        Check(s.ReplicatedTasks.Contains(ts) == (ts.WhoHas.Count > 1), "replicated_tasks", ts);
        Check(ts.ProcessingOn?.Processing.Contains(ts) ?? true, "not in processing of its worker", ts);
        Check(state != TaskStateName.Erred || ts.ExceptionBlame is not null, "erred without blame", ts);
        Check(state == TaskStateName.Erred || ts.ExceptionBlame is null, "blame without failure", ts);
        Check(!ts.IsInPlay || !ts.RunSpec.IsNone, "in play with nothing to run", ts);
        Check(state != TaskStateName.Released || ts.Waiters.IsEmpty, "released with waiters", ts);
        Check(!ts.IsInPlay || !ts.Waiters.IsEmpty || ts.IsHeld, "nobody needs it", ts);
        // Data from outside may be there before anybody wants it.
        Check(
            state != TaskStateName.Memory || !ts.Waiters.IsEmpty || ts.IsHeld || ts.RunSpec.IsNone,
            "unneeded in memory", ts);
        if (state == TaskStateName.Memory)
        {
            foreach (TaskState dts in ts.Dependents)
            {
                Check(ts.Waiters.Contains(dts) == dts.IsInPlay, "waiters are not the dependents in play", ts);
            }
        }
    }

    private static void CheckWorker(SchedulerState s, WorkerState ws)
    {
        long nbytes = 0;
        foreach (TaskState ts in ws.HasWhat)
        {
            Check(ts.WhoHas.Contains(ws), "has_what without who_has", ts);
            nbytes += s.NBytesOf(ts);
        }
        Check(nbytes == ws.NBytes, $"{ws} holds {nbytes} bytes, not {ws.NBytes}");
        int longRunning = 0;
        foreach (TaskState ts in ws.Processing)
        {
            Check(ReferenceEquals(ts.ProcessingOn, ws), "processing elsewhere", ts);
            longRunning += ts.LongRunning ? 1 : 0;
        }
        Check(longRunning == ws.LongRunningCount, $"{ws} has {longRunning} long-running tasks, not {ws.LongRunningCount}");
        Check(ws.PrefixCounts.Values.Sum() == ws.Processing.Count - longRunning, $"{ws} counts its prefixes wrong");
        bool running = ws.Status == WorkerStatus.Running;
        Check(s.Workers.Running.Contains(ws) == running, $"{ws} is in running, or is not");
        Check(s.Workers.RunningByAddress.Contains(ws) == running, $"{ws} is in running by address, or is not");
        Check(running || (!s.Workers.Idle.Contains(ws) && !s.Workers.OpenSlots.Contains(ws)), $"{ws} is offered");
        Check(ReferenceEquals(s.Workers.Sorted[ws.Rank], ws), $"{ws} has the wrong rank");
        CheckNeeds(ws);
        foreach (TaskState ts in ws.Actors)
        {
            bool here = ReferenceEquals(ts.ProcessingOn, ws) || ts.WhoHas.Contains(ws);
            Check(ts.Actor && here, "an actor that lives elsewhere", ts);
        }
    }

    private static void CheckNeeds(WorkerState ws)
    {
        long bytes = 0;
        foreach ((TaskState ts, (int tasks, long nbytes)) in ws.NeedsWhat)
        {
            // Less where a replica has come and gone in between.
            int needed = ws.Processing.ToArray().Count(dts => dts.Dependencies.Contains(ts));
            Check(tasks > 0 && tasks <= needed && !ts.WhoHas.Contains(ws), $"{ws} needs {ts} for {needed} tasks, not {tasks}");
            bytes += nbytes;
        }
        Check(bytes == ws.NetworkOccupancy, $"{ws} awaits {bytes} bytes, not {ws.NetworkOccupancy}");
    }

    private static void CheckQueue(SchedulerState s)
    {
        TaskState[] queued = [.. s.Queued.Sorted()];
        Check(queued.Length == s.Queued.Count, $"{queued.Length} tasks in the queue, not {s.Queued.Count}");
        Check(queued.All(ts => ts.State == TaskStateName.Queued), $"the queue has tasks that are not queued");
        Check(s.Queued.TryPeek(out TaskState? first) == queued.Length > 0, $"the queue is not empty");
        Check(ReferenceEquals(first, queued.FirstOrDefault()), $"{first} comes before the most urgent task");
        long slots = 0;
        foreach (WorkerState ws in s.Workers.Running)
        {
            int open = Saturation.SlotsAvailable(s, ws);
            Check(s.Workers.OpenSlots.Contains(ws) == open > 0, $"{ws} has {open} open slots");
            slots += Math.Max(0, open);
        }
        Check(s.Workers.OpenSlots.Slots == slots, $"{slots} open slots, not {s.Workers.OpenSlots.Slots}");
        // A graph that is on its way serves the queue at its end.
        Check(s.Queued.Count == 0 || slots == 0 || s.Arrivals.Count > 0, $"tasks are queued although a slot is open");
    }

    private static void CheckStealing(SchedulerState s)
    {
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            for (int level = 0; level < StealableTasks.Levels; level++)
            {
                foreach (TaskState ts in ws.Stealable.At(level))
                {
                    bool here = ReferenceEquals(ts.ProcessingOn, ws) && ts.StealLevel == level && !ts.LongRunning;
                    Check(here, "stealable where it is not", ts);
                }
            }
        }
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            bool listed = ts.StealLevel < 0 || (ts.ProcessingOn?.Stealable.At(ts.StealLevel).Contains(ts) ?? false);
            Check(listed, "not among the stealable tasks", ts);
        }
        foreach ((TaskState ts, StealRequest request) in s.Stealing.Requests)
        {
            Check(ReferenceEquals(ts.ProcessingOn, request.Victim) && ts.StealLevel < 0, "a request for a task that left", ts);
        }
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            int asThief = s.Stealing.Requests.Values.Count(r => ReferenceEquals(r.Thief, ws));
            int asVictim = s.Stealing.Requests.Values.Count(r => ReferenceEquals(r.Victim, ws));
            Check(ws.InFlightTasks == asThief - asVictim, $"{ws} has {ws.InFlightTasks} tasks in flight");
        }
    }

    private static void CheckTotals(SchedulerState s)
    {
        Check(s.Workers.Sorted.Sum(ws => (long)ws.Processing.Count) == s.ProcessingCount, $"processing total");
        Check(s.Workers.Sorted.Sum(ws => (long)ws.NThreads) == s.Workers.TotalNThreads, $"total_nthreads");
        double occupancy = s.Workers.Sorted.Sum(ws => s.Occupancy.Of(ws));
        double total = s.Occupancy.Total;
        Check(Math.Abs(occupancy - total) <= 1e-6 * (1 + Math.Abs(occupancy)), $"occupancy is {occupancy}, not {total}");
        foreach (TaskGroup tg in s.Tasks.Groups)
        {
            Check(!tg.AllForgotten, $"group {tg.Name} is left over");
        }
        foreach (TaskStateName state in Enum.GetValues<TaskStateName>())
        {
            long count = s.Tasks.Tasks.LongCount(ts => ts.State == state);
            bool counted = state == TaskStateName.Forgotten || s.Tasks.Groups.Sum(tg => tg.CountOf(state)) == count;
            Check(counted, $"groups count {state.ToText()} wrong");
        }
    }

    // Nobody has submitted it yet, or the graph that does is still on its way.
    private static bool WaitsUnseen(TaskState ts) => ts.State == TaskStateName.Released && (ts.RunSpec.IsNone || ts.AwaitsTurn);

    private static void Check(bool holds, string what, TaskState ts)
    {
        if (!holds)
        {
            throw new InvariantException($"{what}: {ts}");
        }
    }

    private static void Check(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] Explanation what)
    {
        if (!holds)
        {
            throw new InvariantException(what.ToString());
        }
    }

    /// <summary>Text that is put together only if it is needed: there are many checks, and nearly all hold.</summary>
    [InterpolatedStringHandler]
    private readonly ref struct Explanation
    {
        private readonly StringBuilder? text;

        public Explanation(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            text = isNeeded ? new StringBuilder(literalLength + formattedCount) : null;
        }

        public void AppendLiteral(string value) => text!.Append(value);

        public void AppendFormatted<T>(T value) => text!.Append(value);

        public override string ToString() => text!.ToString();
    }
}
