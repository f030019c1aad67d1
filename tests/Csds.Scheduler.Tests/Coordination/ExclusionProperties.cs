using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.Coordination;

/// <summary>Whatever happens, locks exclude, and whoever can have one gets it.</summary>
public static class ExclusionProperties
{
    private enum Step
    {
        Acquire,
        AcquireForAWhile,
        Release,
        Withdraw,
        Wait,
    }

    private static readonly string[] names = ["x", "y", "z", "w"];

    [Fact]
    public static void Multi_locks() => Steps.Sample(steps =>
    {
        var core = new Requester();
        var users = new List<(long Request, string Id, object?[] Locks)>();
        foreach ((Step step, int n) in steps)
        {
            Do(core, step, n, users, (id, timeout) =>
            {
                // n is the set of the locks that this one wants.
                object?[] locks = [.. names.Where((_, i) => (n & (1 << i)) != 0)];
                long request = core.Ask("multi_lock_acquire", ("locks", locks), ("id", id), ("timeout", timeout), ("num_locks", locks.Length));
                return (request, id, locks);
            }, id => core.Ask("multi_lock_release", ("id", id)));
            object?[] taken = [.. users.Where(u => core.IsTrue(u.Request)).SelectMany(u => u.Locks)];
            Assert.Equal(taken.Distinct().Count(), taken.Length);
            // A line forms an order; its first is never kept waiting by those behind.
            Assert.True(taken.Length > 0 || core.State.Coordination.WaitingCount == 0, "all wait for nobody");
        }
        GiveUp(core, users, id => core.Ask("multi_lock_release", ("id", id)));
        Assert.Equal(0, core.State.Coordination.MultiLocks.Count);
    });

    [Fact]
    public static void Locks() => Steps.Sample(steps =>
    {
        var core = new Requester();
        var users = new List<(long Request, string Id, object?[] Locks)>();
        foreach ((Step step, int n) in steps)
        {
            Do(core, step, n, users, (id, timeout) => (core.Ask("lock_acquire", ("name", "x"), ("id", id), ("timeout", timeout)), id, []),
                id => core.Ask("lock_release", ("name", "x"), ("id", id)));
            int owners = users.Count(u => core.IsTrue(u.Request));
            Assert.InRange(owners, core.State.Coordination.WaitingCount > 0 ? 1 : 0, 1);
        }
        GiveUp(core, users, id => core.Ask("lock_release", ("name", "x"), ("id", id)));
        Assert.Equal(0, core.State.Coordination.Locks.Count);
    });

    [Fact]
    public static void Semaphores() => Steps.Sample(steps =>
    {
        var core = new Requester();
        core.Ask("semaphore_register", ("name", "x"), ("max_leases", 2), ("lease_timeout", null));
        Semaphore semaphore = core.State.Coordination.Semaphores.All.Single();
        var users = new List<(long Request, string Id, object?[] Locks)>();
        foreach ((Step step, int n) in steps)
        {
            Do(core, step, n, users, (id, timeout) =>
                    (core.Ask("semaphore_acquire", ("name", "x"), ("lease_id", id), ("timeout", timeout)), id, []),
                id => core.Ask("semaphore_release", ("name", "x"), ("lease_id", id)));
            Assert.Equal(users.Count(u => core.IsTrue(u.Request)), semaphore.ActiveLeases);
            Assert.InRange(semaphore.ActiveLeases, semaphore.PendingLeases > 0 ? 2 : 0, 2);
        }
        GiveUp(core, users, id => core.Ask("semaphore_release", ("name", "x"), ("lease_id", id)));
        Assert.Equal(0, semaphore.ActiveLeases);
    });

    private static Gen<(Step, int)[]> Steps => Gen.Select(Gen.Enum<Step>(), Gen.Int[1, 15]).Array[0, 40];

    private static void Do(
        Requester core, Step step, int n, List<(long Request, string Id, object?[] Locks)> users,
        Func<string, object?, (long, string, object?[])> acquire, Action<string> release)
    {
        switch (step)
        {
            case Step.Acquire or Step.AcquireForAWhile:
                users.Add(acquire($"user-{core.Count}", step == Step.Acquire ? null : n));
                break;
            case Step.Release:
                (long Request, string Id, object?[] Locks)[] owners = [.. users.Where(u => core.IsTrue(u.Request))];
                if (owners.Length > 0)
                {
                    users.Remove(owners[n % owners.Length]);
                    release(owners[n % owners.Length].Id);
                }
                break;
            case Step.Withdraw:
                (long Request, string Id, object?[] Locks)[] waiting = [.. users.Where(u => core.AnswerTo(u.Request) is null)];
                if (waiting.Length > 0)
                {
                    users.Remove(waiting[n % waiting.Length]);
                    core.Withdraw(waiting[n % waiting.Length].Request);
                }
                break;
            default:
                core.Advance(n);
                break;
        }
    }

    private static void GiveUp(Requester core, List<(long Request, string Id, object?[] Locks)> users, Action<string> release)
    {
        foreach ((long request, _, _) in users.Where(u => core.AnswerTo(u.Request) is null).ToArray())
        {
            core.Withdraw(request);
        }
        foreach ((_, string id, _) in users.Where(u => core.IsTrue(u.Request)))
        {
            release(id);
        }
        Assert.Equal(0, core.State.Coordination.WaitingCount);
    }
}
