using System.Runtime.CompilerServices;
using Csds.Policies.Example;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Policies;

/// <summary>The example in <c>docs/policies.md</c> is a policy that works.</summary>
public static class ExampleTests
{
    /// <summary>The page shows the file as it is.</summary>
    [Fact]
    public static void The_page_shows_the_example()
    {
        string folder = Folder();
        string page = File.ReadAllText(Path.Combine(folder, "../../../docs/policies.md"));
        string example = File.ReadAllText(Path.Combine(folder, "LeastMemoryPolicy.cs"));
        Assert.Contains($"```csharp\n{example}```\n", page, StringComparison.Ordinal);
    }

    /// <summary>The page knows every policy.</summary>
    [Fact]
    public static void The_page_lists_all_policies()
    {
        string page = File.ReadAllText(Path.Combine(Folder(), "../../../docs/policies.md"));
        Assert.All(Csds.Policies.PolicyTable.Names, name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
    }

    /// <summary>Tasks go to the worker with the least data.</summary>
    [Fact]
    public static void It_does_what_it_says()
    {
        var state = new SchedulerState(new SchedulerOptions(), new LeastMemoryPolicy(), 1000);
        WorkerState[] workers = [.. Enumerable.Range(0, 3).Select(i => Join(state, i))];
        state.AddClient("ann", 100, null, "", 1000);
        Scatter(state, "x", workers[0]);
        Scatter(state, "y", workers[1]);
        GraphMaterialized graph = PolicyTests.Graph([[2], [2]], [0, 1]) with { External = [Key.FromString("x")] };
        state.BeginGraphUpdate();
        state.UpdateGraph(new GraphUpdate { Client = "ann", Keys = graph.Keys }, graph, 1000, 1000);
        Assert.All(graph.Keys, key => Assert.Same(workers[2], state.Tasks.Find(key)!.ProcessingOn));
        Invariants.CheckAll(state);
    }

    private static void Scatter(SchedulerState state, string name, WorkerState ws)
    {
        Key key = Key.FromString(name);
        state.UpdateData(new UpdateData([new(key, [ws.Address])], new Dictionary<Key, long> { [key] = 100 }, "ann"), 1000);
    }

    private static WorkerState Join(SchedulerState state, int number)
    {
        state.AddWorker(new() { Address = $"tcp://w{number}:1", Name = Key.FromString($"w{number}"), NThreads = 1 }, number, 1000, out WorkerState? ws);
        return ws!;
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
