using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using Csds.Protocol;
using Csds.ZeroClient;

var scheduler = new Argument<string>("scheduler") { Description = "Address of the scheduler" };
var replay = new Option<string?>("--replay") { Description = "File with a recorded graph (benchmarks/record.py)" };
var generate = new Option<string?>("--generate") { Description = "Graph for 2022's schedulers: map-N, merge-N, chain-N" };
var watch = new Option<int>("--watch") { Description = "Process whose processor time is measured, with its children" };

var root = new RootCommand("Have a graph computed and print what that took") { scheduler, replay, generate, watch };
root.SetAction(result =>
{
    try
    {
        RecordedGraph graph = result.GetValue(replay) is { } file
            ? RecordedGraph.Read(File.ReadAllBytes(file))
            : GeneratedGraph.Build(result.GetValue(generate) ?? throw new FormatException("--replay or --generate is needed"));
        using var client = new ZeroClient(result.GetRequiredValue(scheduler));
        Measurement measurement = client.Compute(graph, result.GetValue(watch));
        client.Release(graph);
        Console.WriteLine(JsonSerializer.Serialize(measurement, MeasurementContext.Default.Measurement));
        return 0;
    }
    catch (Exception error) when (error is FormatException or SocketException or IOException || MessageReader.IsProtocolError(error))
    {
        Console.Error.WriteLine($"csds-zero-client: {error.Message}");
        return 1;
    }
});
return root.Parse(args).Invoke();
