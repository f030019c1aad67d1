using System.Globalization;
using Csds.Protocol;
using Xunit;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>
/// Everything that can happen to small graphs, in every order, up to a number of events: the state is consistent after
/// each event, and when peers do what is left to do, every wanted key comes to an end. Histories that lead to the same
/// state are followed once.
/// </summary>
public static class SmallWorldTests
{
    /// <summary>Graphs of one and two tasks, everything that can happen.</summary>
    [Fact]
    public static void Two_tasks_and_everything() => Explore(2, 3, new WorldRules { Replicas = true, Oddities = true });

    /// <summary>Graphs of three tasks: reports, losses, releases.</summary>
    [Fact]
    public static void Three_tasks() => Explore(3, 4, new WorldRules());

    /// <summary>Graphs of three tasks, with replicas that come and go.</summary>
    [Fact]
    public static void Three_tasks_with_replicas() => Explore(3, 3, new WorldRules { Replicas = true });

    /// <summary>Every task is root-ish and workers have one slot: the queue fills.</summary>
    [Fact]
    public static void Three_tasks_in_the_queue() => Explore(3, 4, new WorldRules
    {
        Options = new() { WorkerSaturation = 0.1, TransitionLogLength = 50 },
        Producers = true,
        OneGroup = true,
        Workers = 1,
        MaxWorkers = 2,
    });

    /// <summary>Two clients want the same.</summary>
    [Fact]
    public static void Two_clients() => Explore(2, 5, new WorldRules { Clients = 2 });

    /// <summary>Workers retire, and replicas are managed.</summary>
    [Fact]
    public static void Two_tasks_and_retirements() =>
        Explore(2, 4, new WorldRules { Replicas = true, Retirements = true, MaxWorkers = 2 });

    /// <summary>Every ready task waits in the queue, whatever it depends on.</summary>
    [Fact]
    public static void Three_tasks_by_level() => Explore(3, 3, new WorldRules { Policy = "b-level", Replicas = true, MaxWorkers = 2 });

    /// <summary>The dialect without run ids.</summary>
    [Fact]
    public static void Two_tasks_in_2022() => Explore(2, 5, new WorldRules
    {
        Options = new() { Dialect = Dialect.Dask2022, TransitionLogLength = 50 },
        Replicas = true,
    });

    // CSDS_MORE_EVENTS makes the search go deeper, where there is time.
    private static void Explore(int tasks, int events, WorldRules rules)
    {
        events += int.Parse(Environment.GetEnvironmentVariable("CSDS_MORE_EVENTS") ?? "0", CultureInfo.InvariantCulture);
        for (int count = 1; count <= tasks; count++)
        {
            foreach (SmallGraph graph in SmallGraph.All(count))
            {
                Explore(graph, events, rules);
            }
        }
    }

    private static void Explore(SmallGraph graph, int events, WorldRules rules)
    {
        var seen = new Dictionary<string, int>();
        var choices = new Choices();
        while (choices.Next())
        {
            var history = new List<Step>();
            try
            {
                Run(new SmallWorld(graph, rules), choices, events, seen, history);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException(
                    $"{error.Message}\nin {graph}\nafter {string.Join("\n", history.Select(step => step.Name()))}", error);
            }
        }
    }

    private static void Run(SmallWorld world, Choices choices, int events, Dictionary<string, int> seen, List<Step> history)
    {
        for (int left = events; left > 0; left--)
        {
            if (choices.IsFresh)
            {
                Invariants.CheckAll(world.State);
                string signature = world.Signature();
                if (seen.TryGetValue(signature, out int before) && before >= left)
                {
                    return;
                }
                seen[signature] = left;
            }
            List<Step> steps = world.Steps();
            if (steps.Count == 0)
            {
                break;
            }
            Step step = steps[choices.Pick(steps.Count)];
            history.Add(step);
            step.Happen();
            world.Settle();
        }
        Invariants.CheckAll(world.State);
        if (seen.TryAdd(world.Signature(), 0))
        {
            world.RunToTheEnd();
        }
    }
}
