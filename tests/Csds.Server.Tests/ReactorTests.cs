using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Server.Tests.Graphs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests;

/// <summary>Who runs the reactor's turns.</summary>
public static class ReactorTests
{
    /// <summary>
    /// A turn that runs elsewhere takes along what has come by then, as far as a turn goes; the next one is the loop's, however
    /// much there is to do.
    /// </summary>
    [Fact]
    public static async Task The_loop_has_the_turn_after_one_that_runs_elsewhere()
    {
        const int MoreThanOneTurn = 2000;
        var state = new SchedulerState(new SchedulerOptions(), new DaskPolicy(), 0);
        var reactor = new Reactor(state, new StreamDirectory(), TimeProvider.System, NullLogger.Instance, NullLogger.Instance);
        CancellationToken stop = TestContext.Current.CancellationToken;
        using var begun = new ManualResetEventSlim();
        using var posted = new ManualResetEventSlim();
        var handledBy = new List<int>();
        Thread loop = null!;
        loop = new Thread(() => new ReceiveRound().Run(_ =>
        {
            reactor.PostAsync(new Happening(PostMany)).AsTask().Wait(stop);
            posted.Set();
        }));

        Task elsewhere = Task.Run(() => reactor.TellAsync((_, _) =>
        {
            begun.Set();
            posted.Wait(stop);
        }), stop);
        begun.Wait(stop);
        loop.Start();
        await elsewhere;
        loop.Join();

        Assert.Equal(MoreThanOneTurn, handledBy.Count);
        int[] threads = [.. handledBy.Distinct()];
        Assert.Equal(2, threads.Length);
        Assert.Equal(loop.ManagedThreadId, threads[1]);
        Assert.Equal(loop.ManagedThreadId, handledBy[^1]);

        void PostMany()
        {
            while (loop.IsAlive && !loop.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
            {
                Thread.Yield();
            }
            for (int i = 0; i < MoreThanOneTurn; i++)
            {
                reactor.PostAsync(new Happening(() => handledBy.Add(Environment.CurrentManagedThreadId))).AsTask().Wait(stop);
            }
        }
    }

    /// <summary>What a worker is to forget waits for other messages to it, at most until the loop has nothing to do.</summary>
    [Fact]
    public static void What_can_wait_is_sent_when_nothing_else_comes()
    {
        var state = new SchedulerState(new SchedulerOptions(), new DaskPolicy(), 0);
        var reactor = new Reactor(state, new StreamDirectory(), TimeProvider.System, NullLogger.Instance, NullLogger.Instance);
        var registration = new WorkerRegistration { Address = "tcp://127.0.0.1:9000", Name = Key.FromString("a") };
        Assert.Null(state.AddWorker(registration, 1, 0, out WorkerState? ws));
        reactor.Flush();
        var round = new ReceiveRound();

        // A result that nobody knows of: the worker may drop it.
        Opaque finished = PackedValues.Message(new Dictionary<object, object?>
        {
            ["op"] = "task-finished", ["key"] = "unknown", ["nbytes"] = 1, ["stimulus_id"] = "s",
        });
        Assert.Equal(Timeout.Infinite, Round(() =>
        {
            var reader = new MessageReader(finished);
            state.Receive(ws!, ref reader, 0);
        }));
        Assert.False(state.Outbox.IsEmpty);
        Assert.Equal(Reactor.Patience, Round(null));
        Assert.True(state.Outbox.IsEmpty);
        Assert.Equal(Timeout.Infinite, Round(null));

        // How long the round would have waited.
        int Round(Action? happening)
        {
            int waited = 0;
            round.Run(milliseconds =>
            {
                waited = milliseconds;
                if (happening is not null)
                {
                    reactor.PostAsync(new Happening(happening)).AsTask().Wait(TestContext.Current.CancellationToken);
                }
            });
            return waited;
        }
    }

    private sealed class Happening(Action happen) : ReactorEvent
    {
        public override void Run(SchedulerState state, double now) => happen();
    }
}
