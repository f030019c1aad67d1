using System.Text.Json.Serialization;

namespace Csds.ZeroWorker;

/// <summary>What the workers of this process have seen: the check that goes with every measurement.</summary>
internal sealed class Statistics
{
    /// <summary>Workers that the scheduler has accepted.</summary>
    public int Workers { get; set; }

    /// <summary>Tasks that were finished.</summary>
    public long Finished { get; set; }

    /// <summary>Tasks that were finished although they had been finished before.</summary>
    public long FinishedAgain { get; set; }

    /// <summary>Tasks that were to run before each of their inputs was finished.</summary>
    public long MissingInput { get; set; }

    /// <summary>Inputs that a worker claimed to have fetched.</summary>
    public long Claimed { get; set; }

    /// <summary>Transfers that brought tasks.</summary>
    public long Batches { get; set; }

    /// <summary>Workers that left in the middle of the work.</summary>
    public int Lost { get; set; }

    /// <summary>Requests to give a task up.</summary>
    public long StealRequests { get; set; }

    /// <summary>Tasks that were given up.</summary>
    public long Stolen { get; set; }

    /// <summary>Results that the scheduler let go.</summary>
    public long Freed { get; set; }

    /// <summary>Heartbeats that were answered.</summary>
    public long Heartbeats { get; set; }

    /// <summary>Requests for data.</summary>
    public long GetData { get; set; }
}

/// <summary>Writes the statistics as JSON.</summary>
[JsonSerializable(typeof(Statistics))]
[JsonSerializable(typeof(EchoFloorResult))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class StatisticsContext : JsonSerializerContext;
