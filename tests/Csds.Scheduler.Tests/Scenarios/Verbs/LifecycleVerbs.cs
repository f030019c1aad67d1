using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios.Verbs;

/// <summary>Workers leave in good order or start anew, and results move between them.</summary>
internal static class LifecycleVerbs
{
    /// <summary><c>retire a b</c>: the retirement is known by the name of its first worker.</summary>
    internal static void Retire(ScenarioWorld world, Command command)
    {
        string[] names = [.. command.Rest];
        WorkerState[] workers = [.. names.Select(world.Worker)];
        world.Retirements[names[0]] = Retirement.Begin(world.State, workers, Tokens.String("retire"), world.Now);
    }

    /// <summary><c>retired a [close] [keep]</c>: what the host does when it looks whether the workers may go.</summary>
    internal static void Retired(ScenarioWorld world, Command command)
    {
        Retirement retirement = world.Retirements[command.Take()];
        WorkerState[] waiting = [.. retirement.Workers.Where(ws => !retirement.IsDone(ws))];
        if (waiting.Length > 0)
        {
            world.Print($"not done: {string.Join(' ', waiting.Select(world.NameOf))}");
            return;
        }
        WorkerState[] gone = [.. retirement.Workers.Where(
            ws => retirement.Finish(ws, command.Has("close"), !command.Has("keep"), world.Now))];
        retirement.End(gone, world.Now);
        world.Print($"retired: {(gone.Length == 0 ? "none" : string.Join(' ', gone.Select(world.NameOf)))}");
    }

    /// <summary><c>restart</c></summary>
    internal static void Restart(ScenarioWorld world, Command command)
    {
        byte[] stimulus = Tokens.String("restart");
        world.State.ForgetEverything(stimulus, world.Now);
        PrintNannied(world, world.State.BeginRestart([.. world.State.Workers.Sorted], stimulus, world.Now));
    }

    /// <summary><c>restart-workers a b</c></summary>
    internal static void RestartWorkers(ScenarioWorld world, Command command)
    {
        WorkerState[] workers = [.. command.Rest.Select(world.Worker)];
        PrintNannied(world, world.State.BeginRestart(workers, Tokens.String("restart-workers"), world.Now));
    }

    /// <summary><c>to-close n=1 minimum=2 ratio=2 target=1 by-host</c></summary>
    internal static void ToClose(ScenarioWorld world, Command command)
    {
        var request = new DownscalingRequest
        {
            MemoryRatio = command.Double("ratio"),
            N = (int?)command.Int("n"),
            Minimum = (int?)command.Int("minimum"),
            Target = (int?)command.Int("target"),
        };
        Func<WorkerState, object>? group = command.Has("by-host") ? ws => ws.Host : null;
        IReadOnlyList<WorkerState> workers = world.State.FindWorkersToClose(request, group);
        world.Print($"to close: {(workers.Count == 0 ? "none" : string.Join(' ', workers.Select(world.NameOf)))}");
    }

    /// <summary><c>rebalance x y</c>: what would move; without keys, of all.</summary>
    internal static void Rebalance(ScenarioWorld world, Command command)
    {
        Key[] keys = [.. command.Rest.Select(Command.ToKey)];
        HashSet<Key>? only = keys.Length == 0 ? null : new HashSet<Key>(keys, KeyComparer.Instance);
        foreach ((WorkerState sender, WorkerState recipient, TaskState ts) in
            Scheduler.Rebalance.Plan(world.State, only, world.State.Workers.Sorted))
        {
            world.Print($"move {ts.Key} from {world.NameOf(sender)} to {world.NameOf(recipient)}");
        }
    }

    /// <summary><c>watch-workers cluster</c></summary>
    internal static void Watch(ScenarioWorld world, Command command) =>
        world.State.Coordination.WorkerStatus.Add(world.Connect(command.Take()));

    private static void PrintNannied(ScenarioWorld world, IReadOnlyList<WorkerState> nannied)
    {
        if (nannied.Count > 0)
        {
            world.Print($"ask the nannies of: {string.Join(' ', nannied.Select(world.NameOf))}");
        }
    }
}
