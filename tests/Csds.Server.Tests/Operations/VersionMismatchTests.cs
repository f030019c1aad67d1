using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server.Tests;

/// <summary>The warning about packages that differ, as the cluster's workers come and go.</summary>
public sealed class VersionMismatchTests
{
    private readonly SchedulerState state = new(new SchedulerOptions { Dialect = Dialect.Dask2022 }, new DaskPolicy(), 0);
    private readonly VersionMismatch mismatch = new(Versions("1"), Dialect.Dask2022);

    [Fact]
    public void Nobody_is_warned_while_all_say_the_same()
    {
        Add(1, Versions("1"));
        Add(2, Versions("1"));
        Assert.Equal("", Warning("1"));
    }

    [Fact]
    public void All_that_workers_say_is_shown_until_the_last_who_says_it_is_gone()
    {
        Add(1, Versions("1"));
        WorkerState[] others = [Add(2, Versions("2")), Add(3, Versions("2"))];
        Assert.Contains("| dask    | 1      | 1         | {'1', '2'} |", Warning("1"), StringComparison.Ordinal);
        state.RemoveWorker(others[0], Tokens.String("gone"), expected: true, close: false, now: 1);
        Assert.NotEqual("", Warning("1"));
        state.RemoveWorker(others[1], Tokens.String("gone"), expected: true, close: false, now: 1);
        Assert.Equal("", Warning("1"));
    }

    [Fact]
    public void Who_differs_from_all_is_told() =>
        Assert.Contains("| dask    | 3      | 1         | None    |", Warning("3"), StringComparison.Ordinal);

    [Fact]
    public void Workers_that_say_nothing_are_unknown()
    {
        Add(1, Opaque.Nil);
        Assert.Contains("| dask    | 1       | 1         | UNKNOWN |", Warning("1"), StringComparison.Ordinal);
    }

    private string Warning(string dask) => mismatch.Warning(state, Versions(dask), "Client");

    private WorkerState Add(int port, Opaque versions)
    {
        string address = $"tcp://10.0.0.1:{port}";
        var registration = new WorkerRegistration { Address = address, Name = Key.FromString(address), Versions = versions };
        Assert.Null(state.AddWorker(registration, port, 0, out WorkerState? ws));
        return ws!;
    }

    private static Opaque Versions(string dask)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(1);
        w.Text("packages"u8);
        w.Map(1);
        w.Field("dask"u8, dask);
        w.End();
        return batch.ToOpaque();
    }
}
