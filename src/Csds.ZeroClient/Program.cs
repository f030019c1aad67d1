using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using Csds.Protocol;
using Csds.ZeroClient;

var scheduler = new Argument<string>("scheduler") { Description = "Address of the scheduler" };
var replay = new Option<string?>("--replay") { Description = "File with a recorded graph (benchmarks/record.py)" };
var generate = new Option<string?>("--generate") { Description = "Graph for 2022's schedulers: map-N, merge-N, chain-N" };
var idle = new Option<double?>("--idle") { Description = "Instead of a graph: measure so many seconds without work" };
var watch = new Option<int>("--watch")
{
    Description = "Process whose processor time and memory are measured, with its children",
    DefaultValueFactory = _ => Environment.ProcessId,
};
var settle = new Option<double>("--settle")
{
    Description = "Seconds that the watched processes are waited for at most, to be idle before the graph is sent",
    DefaultValueFactory = _ => new ZeroClientOptions().Settle,
};
var pages = new Option<string?>("--pages") { Description = "Address of the scheduler's pages, for its longest turn" };
var cancel = new Option<bool>("--cancel") { Description = "Let everything go with the first result, and measure that" };

var root = new RootCommand("Have a graph computed and print what that took")
{
    scheduler, replay, generate, idle, watch, settle, pages, cancel,
};
root.SetAction(result =>
{
    try
    {
        Measurement measurement = Run(result.GetRequiredValue(scheduler), result.GetValue(replay), result.GetValue(generate),
            result.GetValue(idle), new ZeroClientOptions
            {
                Watch = result.GetValue(watch),
                Settle = result.GetValue(settle),
                Pages = result.GetValue(pages),
                Cancel = result.GetValue(cancel),
            });
        Console.WriteLine(JsonSerializer.Serialize(measurement, MeasurementContext.Default.Measurement));
        return 0;
    }
    catch (Exception error) when (
        error is FormatException or SocketException or IOException or HttpRequestException || MessageReader.IsProtocolError(error))
    {
        Console.Error.WriteLine($"csds-zero-client: {error.Message}");
        return 1;
    }
});
return root.Parse(args).Invoke();

static Measurement Run(string scheduler, string? replay, string? generate, double? idle, ZeroClientOptions options)
{
    if (idle is { } seconds)
    {
        return ZeroClient.Idle(seconds, options);
    }
    RecordedGraph graph = replay is not null
        ? RecordedGraph.Read(File.ReadAllBytes(replay))
        : GeneratedGraph.Build(generate ?? throw new FormatException("--replay, --generate or --idle is needed"));
    using var client = new ZeroClient(scheduler);
    Measurement measurement = client.Compute(graph, options);
    client.Release(graph);
    return measurement;
}
