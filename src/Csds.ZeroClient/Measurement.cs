using System.Text.Json.Serialization;

namespace Csds.ZeroClient;

/// <summary>One graph from the first byte sent to the last result reported; seconds and bytes.</summary>
internal sealed record Measurement
{
    /// <summary>Number of results.</summary>
    public int Wanted { get; init; }

    /// <summary>What it took.</summary>
    public double Wall { get; init; }

    /// <summary>From the first byte sent to the first result: where all tasks are wanted and none has inputs, the time to take the graph in.</summary>
    public double First { get; init; }

    /// <summary>Processor time of the watched process and its children.</summary>
    public double Cpu { get; init; }

    /// <summary>What these had used before: start-up, and the registration of workers.</summary>
    public double CpuBefore { get; init; }

    /// <summary>Processor time of this client, which shares the machine.</summary>
    public double ClientCpu { get; init; }

    /// <summary>How long the watched processes were waited for, to be idle before the graph was sent.</summary>
    public double Settled { get; init; }

    /// <summary>What the watched processes have resident before the graph.</summary>
    public long MemoryBefore { get; init; }

    /// <summary>The most that each had resident meanwhile.</summary>
    public long MemoryPeak { get; init; }

    /// <summary>What they have resident with the last result, while the client still holds them all.</summary>
    public long Memory { get; init; }

    /// <summary>The reactor's longest turn (Dask: tick of the event loop) meanwhile; null if the scheduler's page does not say.</summary>
    public double? LongestTurn { get; init; }

    /// <summary>Tasks that the scheduler still knows at the end, where it was asked.</summary>
    public long? TasksLeft { get; init; }
}

/// <summary>Writes measurements as JSON.</summary>
[JsonSerializable(typeof(Measurement))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class MeasurementContext : JsonSerializerContext;
