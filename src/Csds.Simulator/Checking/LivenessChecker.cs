using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Client;
using Csds.Simulator.Worker;

namespace Csds.Simulator.Checking;

/// <summary>What must have happened some time after the faults have stopped.</summary>
internal static class LivenessChecker
{
    /// <summary>Every wanted key has come to an end, and its client knows.</summary>
    internal static string? WhatIsMissing(World world)
    {
        SchedulerState core = world.Host.Core;
        foreach (SimulatedClient client in world.Clients.Where(c => c.IsAlive))
        {
            foreach ((Key key, FutureState state) in client.Futures)
            {
                TaskState? ts = core.Tasks.Find(key);
                bool agrees = state switch
                {
                    FutureState.Finished => ts is { State: TaskStateName.Memory },
                    FutureState.Error => ts is { State: TaskStateName.Erred },
                    FutureState.Cancelled => true,
                    _ => false,
                };
                if (!agrees)
                {
                    return $"{client.Name} takes {key} for {state}, and it is {ts?.ToString() ?? "unknown"}";
                }
            }
        }
        return world.Workers.Select(worker => DiffersFromCore(core, worker)).FirstOrDefault(d => d is not null);
    }

    /// <summary>Nobody wants anything: everything is as if nothing had ever been.</summary>
    internal static string? WhatIsLeft(World world)
    {
        SchedulerState core = world.Host.Core;
        if (core.Tasks.Count > 0 || core.Tasks.Groups.Count > 0)
        {
            TaskState first = core.Tasks.Tasks.First();
            return $"{core.Tasks.Count} tasks in {core.Tasks.Groups.Count} groups, such as {first}, "
                + $"wanted by [{string.Join(' ', first.WhoWants)}], needed by [{string.Join(' ', first.Waiters)}]";
        }
        if (core.ProcessingCount > 0 || core.Queued.Count > 0 || !core.Unrunnable.IsEmpty || core.Stealing.InFlight > 0)
        {
            return "tasks that are processing, queued, without a worker, or being stolen";
        }
        if (Math.Abs(core.Occupancy.Total) > 1e-9)
        {
            return $"an occupancy of {core.Occupancy.Total}";
        }
        WorkerState? burdened = core.Workers.Sorted.FirstOrDefault(ws =>
            ws.NBytes != 0 || !ws.HasWhat.IsEmpty || !ws.Processing.IsEmpty || ws.UsedResources.Values.Any(r => r != 0));
        SimulatedWorker? hoarder = world.Workers.FirstOrDefault(w => w.Data.Count > 0 || w.Unfinished.Any());
        return burdened is not null ? $"{burdened} is not empty"
            : hoarder is not null ? $"{hoarder.Name} still holds {hoarder.Data.Keys.FirstOrDefault()}"
            : null;
    }

    // What the core believes of a worker's data is what the worker has.
    private static string? DiffersFromCore(SchedulerState core, SimulatedWorker worker)
    {
        if (!core.Workers.TryGet(worker.Address, out WorkerState? ws))
        {
            return $"{worker.Name} is not known to the core";
        }
        if (ws.HasWhat.FirstOrDefault(ts => !worker.Data.ContainsKey(ts.Key)) is { } phantom)
        {
            return $"{worker.Name} does not hold {phantom}, and is said to";
        }
        Key extra = worker.Data.Keys.FirstOrDefault(key => core.Tasks.Find(key) is not { } ts || !ts.WhoHas.Contains(ws));
        return extra.IsNone ? null : $"{worker.Name} holds {extra}, and the core does not know";
    }
}
