using System.Diagnostics;
using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Xunit;

namespace Csds.Server.Tests.Python;

/// <summary>
/// Helpers in real processes of a real Python with Dask: CSDS_PYTHON or what the finder finds. What a graph does when
/// it is loaded is Python code in the message.
/// </summary>
public sealed class HelperPoolTests : IAsyncDisposable
{
    private readonly CollectedLog log = new();
    private HelperPool? pool;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (pool is not null)
        {
            await pool.DisposeAsync();
        }
        log.Dispose();
    }

    [Fact]
    public async Task Says_which_Dask_it_has()
    {
        await StartAsync();
        HelperConfiguration configuration = await pool!.ConfigureAsync();
        Assert.True(configuration.Distributed >= new DaskVersion(2022, 12, 0));
        var config = new Configuration(configuration.Config);
        Assert.Equal(3, config.Number("distributed.scheduler.allowed-failures", 0));
        Assert.Equal(new Dialect(configuration.Distributed).SplitRunSpecs, configuration.WorkerPlugins.Count == 0);
        Assert.False(configuration.Versions.IsNil);
    }

    [Fact]
    public async Task Expands_a_graph()
    {
        await StartAsync();
        GraphMaterialized graph = await ExpandAsync(await RecordedGraphs.ChainAsync(10));
        Assert.Equal(10, graph.Count);
        int last = Array.IndexOf(graph.Keys, Key.FromString("key-9"));
        Assert.Equal([last], graph.Requested);
        for (int i = 1; i < 10; i++)
        {
            int task = Array.IndexOf(graph.Keys, Key.FromString($"key-{i}"));
            Assert.Equal([Key.FromString($"key-{i - 1}")], graph.DependenciesOf(task).ToArray().Select(graph.KeyOf));
            Assert.Equal(7, graph.AnnotationsOf(task)!.Priority);
            Assert.False(graph.RunSpecs[task].IsNone);
        }
        Assert.Empty(graph.External);
    }

    [Fact]
    public async Task Run_specs_have_the_form_that_workers_expect()
    {
        await StartAsync();
        Dialect dialect = new Dialect((await pool!.ConfigureAsync()).Distributed);
        GraphMaterialized graph = await ExpandAsync(await RecordedGraphs.ChainAsync(10));
        foreach (RunSpec spec in graph.RunSpecs)
        {
            if (dialect.SplitRunSpecs)
            {
                var batch = new MessageBatch();
                MessageWriter w = batch.Single();
                SplitFields.WriteTask(ref w, spec);
                Assert.Contains("function", Names(batch.Seal()));
            }
            else
            {
                var reader = new MessageReader(spec.Pickled);
                Assert.Equal(3, reader.ReadMapHeader());
                Assert.Equal("pickled-obj", reader.ReadString());
                ReadOnlyMemory<byte> pickle = reader.ReadBytes();
                Assert.Equal(0x80, pickle.Span[0]);
                Assert.Equal((byte)'.', pickle.Span[^1]);
                Assert.Equal("compression", reader.ReadString());
                Assert.Equal(0, reader.ReadArrayHeader());
                Assert.Equal("num-sub-frames", reader.ReadString());
                Assert.Equal(0, reader.ReadInt32());
                Assert.True(reader.End);
            }
        }
    }

    [Fact]
    public async Task A_large_graph_arrives_in_pieces()
    {
        await StartAsync();
        GraphMaterialized graph = await ExpandAsync(await RecordedGraphs.ChainAsync(50_000));
        Assert.Equal(50_000, graph.Count);
        Assert.Equal(49_999, graph.Dependencies.Length);
        Assert.DoesNotContain(graph.RunSpecs, spec => spec.IsNone);
    }

    [Fact]
    public async Task An_error_in_the_graph_is_Dasks_own()
    {
        await StartAsync();
        Failure failure = await FailAsync("raise ValueError('no such thing')");
        Assert.Equal("ValueError('no such thing')", failure.ExceptionText);
        Assert.NotNull(failure.Exception);
        Assert.NotNull(failure.Traceback);
        Assert.NotEmpty(failure.TracebackText!);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task A_crash_costs_the_graph_and_nothing_else()
    {
        await StartAsync();
        Failure failure = await FailAsync("import os; os._exit(7)");
        AssertSays("csds helper process died (exit code 7) while expanding the graph", failure);
        Assert.NotNull(failure.Exception);
        await AssertWorksAsync();
        Assert.Contains(log.Lines, line => line.Contains("died (exit code 7)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_signal_is_named()
    {
        await StartAsync();
        Failure failure = await FailAsync("import os, signal; os.kill(os.getpid(), signal.SIGKILL)");
        AssertSays("died (signal 9, SIGKILL", failure);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task Crashes_in_a_row_are_survived()
    {
        await StartAsync();
        for (int i = 0; i < 3; i++)
        {
            await FailAsync("import os; os._exit(1)");
        }
        await AssertWorksAsync();
    }

    [Fact]
    public async Task What_waits_gets_the_next_helper()
    {
        await StartAsync();
        Task<Failure> crash = FailAsync("import os, time; time.sleep(0.5); os._exit(1)");
        await Task.Delay(100, Cancel);
        Task[] others = [.. Enumerable.Range(0, 5).Select(_ => AssertWorksAsync())];
        await crash;
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task A_helper_that_hangs_is_stopped()
    {
        await StartAsync(new HelperOptions { RequestTimeout = TimeSpan.FromSeconds(1.5) });
        Failure failure = await FailAsync("import time; time.sleep(600)");
        AssertSays("was stopped while expanding the graph: it took longer than 1.5 seconds", failure);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task A_helper_that_takes_too_much_memory_is_stopped()
    {
        await StartAsync(new HelperOptions { MemoryLimit = 600 << 20 });
        Failure failure = await FailAsync("import time; taken = bytearray(700 << 20); time.sleep(60)");
        AssertSays("it used more than 0.59 GiB of memory", failure);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task A_helper_that_died_while_idle_is_replaced_unnoticed()
    {
        await StartAsync();
        for (int i = 0; i < 3; i++)
        {
            int id = await ProcessIdAsync();
            using var process = Process.GetProcessById(id);
            process.Kill();
            await process.WaitForExitAsync(Cancel);
            await AssertWorksAsync();
            Assert.NotEqual(id, await ProcessIdAsync());
        }
    }

    [Fact]
    public async Task A_child_that_holds_the_pipe_does_not_hide_the_end()
    {
        await StartAsync();
        Failure failure = await FailAsync("import os, time\nif os.fork() == 0: time.sleep(15)\nos._exit(5)");
        AssertSays("died (exit code 5)", failure);
    }

    [Fact]
    public async Task A_client_that_goes_away_stops_its_graph()
    {
        await StartAsync();
        Opaque endless = await RecordedGraphs.ChainAsync(1, "import time; time.sleep(600)");
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task<GraphMaterialized> expansion = pool!.ExpandAsync(endless, gone.Token);
        await Task.Delay(300, Cancel);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => expansion);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task Several_helpers_work_at_once()
    {
        await StartAsync(new HelperOptions { Processes = 2 });
        await Task.WhenAll(AssertWorksAsync(), AssertWorksAsync());
        Opaque slow = await RecordedGraphs.ChainAsync(1, "import time; time.sleep(2)");
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(ExpandAsync(slow), ExpandAsync(slow));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 2, 3.9);
    }

    [Fact]
    public async Task What_user_code_prints_is_logged()
    {
        await StartAsync();
        await ExpandAsync(await RecordedGraphs.ChainAsync(1, "print('printed in a graph')"));
        await AssertWorksAsync();
        for (int i = 0; i < 50 && !log.Lines.Contains("printed in a graph"); i++)
        {
            await Task.Delay(20, Cancel);
        }
        Assert.Contains("printed in a graph", log.Lines);
    }

    [Fact]
    public async Task Helpers_end_with_the_pool()
    {
        await StartAsync();
        int id = await ProcessIdAsync();
        await pool!.DisposeAsync();
        Assert.Null(HelperMemory.ResidentBytes(id));
        Opaque message = await RecordedGraphs.ChainAsync(1);
        await Assert.ThrowsAsync<GraphExpansionException>(() => ExpandAsync(message));
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_an_error()
    {
        HelperException error = await Assert.ThrowsAsync<HelperException>(
            () => HelperPool.StartAsync("/no/such/python -X dev", log, Cancel));
        Assert.Contains("/no/such/python -X dev cannot be started", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/sh -c 'echo no Dask here >&2; exit 4' --", "exit code 4", "no Dask here")]
    [InlineData("/bin/sh -c 'echo hello hello hello; cat > /dev/null' --", "was stopped while starting", "")]
    public async Task A_program_that_is_no_helper_is_an_error(string command, string what, string output)
    {
        HelperException error = await Assert.ThrowsAsync<HelperException>(
            () => HelperPool.StartAsync(command, log, Cancel));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(output, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_never_answers_is_an_error()
    {
        var options = new HelperOptions { StartTimeout = TimeSpan.FromSeconds(1) };
        HelperException error = await Assert.ThrowsAsync<HelperException>(
            () => HelperPool.StartAsync("/bin/sh -c 'exec sleep 600' --", log, Cancel, options));
        Assert.Contains("it took longer than 1 seconds", error.Message, StringComparison.Ordinal);
    }

    private static void AssertSays(string text, Failure failure) =>
        Assert.Contains(text, failure.ExceptionText, StringComparison.Ordinal);

    private async Task StartAsync(HelperOptions? options = null) =>
        pool = await HelperPool.StartAsync(null, log, Cancel, options);

    private Task<GraphMaterialized> ExpandAsync(Opaque message) => pool!.ExpandAsync(message, Cancel);

    private async Task AssertWorksAsync() =>
        Assert.Equal(3, (await ExpandAsync(await RecordedGraphs.ChainAsync(3))).Count);

    private async Task<Failure> FailAsync(string code)
    {
        Opaque message = await RecordedGraphs.ChainAsync(1, code);
        return (await Assert.ThrowsAsync<GraphExpansionException>(() => ExpandAsync(message))).Failure;
    }

    private async Task<int> ProcessIdAsync()
    {
        string file = Path.GetTempFileName();
        try
        {
            string code = $"import os; open('{file}', 'w').write(str(os.getpid()))";
            await ExpandAsync(await RecordedGraphs.ChainAsync(1, code));
            return int.Parse(await File.ReadAllTextAsync(file, Cancel), CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static List<string> Names(ReadOnlyMemory<byte> map)
    {
        var reader = new MessageReader(map);
        var names = new List<string>();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            names.Add(reader.ReadString());
            reader.Skip();
        }
        return names;
    }
}
