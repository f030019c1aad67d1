using Csds.ZeroClient;
using Csds.ZeroWorker;

namespace Csds.Server.Tests;

/// <summary>The instruments of the benchmarks, against a real server with all invariants checked.</summary>
public class ZeroWorkerTests
{
    [Theory]
    [InlineData("map-100", 100, 100)]
    [InlineData("merge-100", 101, 1)]
    [InlineData("chain-20", 20, 1)]
    public async Task Every_task_is_finished_once_and_every_result_comes(string graph, int tasks, int wanted)
    {
        (Statistics seen, Measurement measured) = await ComputeAsync(graph, new ZeroWorkerOptions { Scheduler = "", Workers = 5 });
        Assert.Equal(wanted, measured.Wanted);
        Assert.Equal((5, tasks), (seen.Workers, seen.Finished));
        Assert.Equal((0, 0), (seen.FinishedAgain, seen.MissingInput));
    }

    [Fact]
    public async Task Tasks_that_take_time_wait_for_a_thread_and_reports_are_collected()
    {
        var options = new ZeroWorkerOptions { Scheduler = "", Workers = 3, NThreads = 2, Duration = (0.001, 0.003), BatchInterval = 0.002 };
        (Statistics seen, _) = await ComputeAsync("merge-60", options);
        Assert.Equal((61, 0), (seen.Finished, seen.FinishedAgain));
    }

    [Fact]
    public async Task Workers_that_leave_in_the_middle_take_nothing_with_them()
    {
        var options = new ZeroWorkerOptions { Scheduler = "", Workers = 6, Lose = 3, LoseAt = 100 };
        (Statistics seen, Measurement measured) = await ComputeAsync("merge-300", options);
        Assert.Equal((3, 1, 0), (seen.Lost, measured.Wanted, seen.MissingInput));
    }

    [Fact]
    public async Task What_is_let_go_with_the_first_result_leaves_nothing_behind()
    {
        var options = new ZeroWorkerOptions { Scheduler = "", Workers = 3, Duration = (0.01, 0.01) };
        (Statistics seen, _) = await ComputeAsync("map-500", options, new ZeroClientOptions { Settle = 0, Cancel = true });
        Assert.InRange(seen.Finished, 1, 499);
    }

    [Fact]
    public void The_floor_is_measured()
    {
        EchoFloorResult floor = EchoFloor.Measure(0.02, connections: 3, tasks: 2);
        Assert.True(floor is { PerSecond: > 0, CpuUs: > 0, RoundTripUs: > 0 });
    }

    private static async Task<(Statistics Seen, Measurement Measured)> ComputeAsync(
        string name, ZeroWorkerOptions options, ZeroClientOptions? clientOptions = null)
    {
        await using TestServer server = await TestServer.StartAsync();
        string scheduler = $"tcp://127.0.0.1:{server.Port}";
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool stop = false;
        using var cluster = new ZeroCluster(options with { Scheduler = scheduler }, ready.SetResult);
        var workers = Task.Factory.StartNew(
            () => cluster.Run(() => Volatile.Read(ref stop)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await ready.Task;
        RecordedGraph graph = RecordedGraph.Read(GeneratedGraph.Build(name).Wire);
        Measurement measured = await Task.Run(() =>
        {
            using var client = new ZeroClient.ZeroClient(scheduler);
            return client.Compute(graph, clientOptions ?? new ZeroClientOptions { Settle = 0 });
        });
        Volatile.Write(ref stop, true);
        await workers;
        return (cluster.Statistics, measured);
    }
}
