using System.Runtime.CompilerServices;
using Csds.Scheduler.Tests.Scenarios;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Nothing keeps what is gone in memory.</summary>
public sealed class LeftoversTests
{
    private readonly ScenarioWorld world = new();

    /// <summary>Events outlive a worker and a client by an hour, their states do not.</summary>
    [Fact]
    public void Who_has_left_is_let_go()
    {
        WeakReference[] gone = LiveAndLeave();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal([], gone.Where(reference => reference.IsAlive).Select(reference => reference.Target));
    }

    /// <summary>Every step of a loop needs the result of the one before it; then nobody wants the last one any more.</summary>
    [Fact]
    public void Groups_of_computations_do_not_keep_those_before_them()
    {
        List<WeakReference> groups = RunSteps(3 * world.Options.ComputationsKept);
        GC.Collect();
        Assert.Empty(world.State.Tasks.Groups);
        Assert.InRange(groups.Count(group => group.IsAlive), 1, world.Options.ComputationsKept + 1);
    }

    /// <summary>There may always be work.</summary>
    [Fact]
    public void A_computation_without_end_is_bounded()
    {
        world.Options = world.Options with { ComputationsKept = 1 };
        Turn("worker a", "client ann", "graph ann want=endless", "  endless");
        for (int i = 0; i < ComputationTable.MaxGroups + 100; i++)
        {
            Turn($"graph ann want=x{i}", $"  x{i}", $"releases ann x{i}");
        }
        Assert.InRange(world.State.Computations.All.Sum(c => c.Groups.Count), 1, ComputationTable.MaxGroups);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] LiveAndLeave()
    {
        Turn("worker a", "worker b", "client ann", "graph ann want=y", "  x", "  y: x");
        object[] all = [world.Worker("a"), world.Worker("b"), world.Client("ann"), .. world.State.Tasks.Tasks];
        Turn("finished a x");
        Turn("finished a y");
        Turn("graph ann want=z", "  z: y");
        Turn("client-stream-ended ann", "remove a", "remove b");
        Assert.Equal(0, world.State.Tasks.Count);
        world.Workers.Clear();
        world.Clients.Clear();
        // The policy remembers whom it has looked at last.
        Turn("worker c", "client bob", "graph bob want=y", "  x", "  y: x");
        Turn("finished c x");
        return [.. all.Select(one => new WeakReference(one))];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private List<WeakReference> RunSteps(int steps)
    {
        var groups = new List<WeakReference>();
        Turn("worker a", "client ann", "graph ann want=x0", "  x0");
        for (int i = 1; i <= steps; i++)
        {
            Turn($"finished a x{i - 1}");
            Turn($"graph ann want=x{i}", $"  x{i}: x{i - 1}", $"releases ann x{i - 1}");
            groups.Add(new WeakReference(world.State.Tasks.Groups.Single(group => group.Name == $"x{i}")));
        }
        Turn($"finished a x{steps}", $"releases ann x{steps}");
        return groups;
    }

    private void Turn(params string[] lines) => world.Turn(Transcript.Parse(lines));
}
