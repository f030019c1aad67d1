using System.Text.Json.Serialization;

namespace Csds.ZeroClient;

/// <summary>One graph from the first byte sent to the last result reported.</summary>
/// <param name="Wanted">Number of results.</param>
/// <param name="Wall">Seconds that it took.</param>
/// <param name="Cpu">Processor seconds of the watched process and its children.</param>
/// <param name="Memory">Bytes that these have resident at the end.</param>
internal sealed record Measurement(int Wanted, double Wall, double Cpu, long Memory);

/// <summary>Writes measurements as JSON.</summary>
[JsonSerializable(typeof(Measurement))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class MeasurementContext : JsonSerializerContext;
