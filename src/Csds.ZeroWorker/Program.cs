using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Csds.Protocol;
using Csds.ZeroWorker;

var scheduler = new Argument<string>("scheduler") { Description = "Address of the scheduler" };
var workers = new Option<int>("--workers") { Description = "Number of workers", DefaultValueFactory = _ => 1 };
var nthreads = new Option<int>("--nthreads") { Description = "Threads of each worker", DefaultValueFactory = _ => 1 };
var duration = new Option<string>("--duration")
{
    Description = "Seconds that a task takes, or LOW-HIGH to draw them",
    DefaultValueFactory = _ => "0",
};
var batch = new Option<double>("--batch-interval") { Description = "Seconds that reports are collected for; Dask's workers: 0.002" };
var seed = new Option<int>("--seed") { Description = "Seed of the durations" };

var lose = new Option<int>("--lose") { Description = "Workers that leave without a word in the middle of the work" };
var loseAt = new Option<long>("--lose-at") { Description = "Finished tasks at which they leave" };

var echo = new Command("echo", "Instead of workers: print how many exchanges a second this machine can make, and what they cost");
var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 0.5 };
var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 24 };
var tasks = new Option<int>("--tasks") { Description = "Tasks whose messages an exchange has the size of", DefaultValueFactory = _ => 2 };
echo.Add(seconds);
echo.Add(connections);
echo.Add(tasks);
echo.SetAction(result => Console.WriteLine(JsonSerializer.Serialize(
    EchoFloor.Measure(result.GetValue(seconds), result.GetValue(connections), result.GetValue(tasks)),
    StatisticsContext.Default.EchoFloorResult)));

var root = new RootCommand("Run workers that finish every task without running it, and print what they saw")
{
    scheduler, workers, nthreads, duration, batch, seed, lose, loseAt, echo,
};
root.SetAction(result =>
{
    try
    {
        return Run(new ZeroWorkerOptions
        {
            Scheduler = result.GetRequiredValue(scheduler),
            Workers = result.GetValue(workers),
            NThreads = result.GetValue(nthreads),
            Duration = ZeroWorkerOptions.ParseDuration(result.GetRequiredValue(duration)),
            BatchInterval = result.GetValue(batch),
            Seed = result.GetValue(seed),
            Lose = result.GetValue(lose),
            LoseAt = result.GetValue(loseAt),
        });
    }
    catch (Exception error) when (error is FormatException or SocketException || MessageReader.IsProtocolError(error))
    {
        Console.Error.WriteLine($"csds-zero-worker: {error.Message}");
        return 1;
    }
});
return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });

static int Run(ZeroWorkerOptions options)
{
    bool stopped = false;
    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        Volatile.Write(ref stopped, true);
    }
    using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var cluster = new ZeroCluster(options, () => Console.WriteLine($"{options.Workers} workers registered"));
    cluster.Run(() => Volatile.Read(ref stopped));
    Console.WriteLine(JsonSerializer.Serialize(cluster.Statistics, StatisticsContext.Default.Statistics));
    return 0;
}
