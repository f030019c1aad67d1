using System.Globalization;

namespace Csds.Simulator.Experiments;

/// <summary>The cluster of an experiment, and what its tasks are like.</summary>
public sealed record ExperimentSettings
{
    /// <summary>Workers.</summary>
    public int Workers { get; init; } = 8;

    /// <summary>Threads of each worker.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Mean seconds that a task runs, unless the graph says how many.</summary>
    public double Seconds { get; init; } = 0.1;

    /// <summary>Bytes of a result, unless the graph says how many.</summary>
    public long Bytes { get; init; } = 1_000_000;

    /// <summary>Bytes per second between two workers.</summary>
    public double Bandwidth { get; init; } = 100e6;

    /// <summary>Mean seconds that a message takes.</summary>
    public double Latency { get; init; } = 0.0005;

    /// <summary><c>worker-saturation</c>.</summary>
    public double Saturation { get; init; } = 1.1;

    /// <summary><c>work-stealing</c>.</summary>
    public bool Stealing { get; init; } = true;

    /// <summary>What all chance follows from.</summary>
    public int Seed { get; init; }

    /// <summary>The same with one setting changed: <c>workers=24</c>.</summary>
    /// <exception cref="FormatException">There is no such setting, or its value makes no sense.</exception>
    public ExperimentSettings With(string assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        string[] parts = assignment.Split('=', 2);
        double number = parts[1] switch
        {
            "on" => 1,
            "off" => 0,
            "inf" => double.PositiveInfinity,
            _ => double.Parse(parts[1], CultureInfo.InvariantCulture),
        };
        if (!(number > 0) && parts[0] is not ("stealing" or "seed"))
        {
            throw new FormatException($"{assignment}: must be more than 0");
        }
        return parts[0] switch
        {
            "workers" => this with { Workers = (int)number },
            "threads" => this with { Threads = (int)number },
            "seconds" => this with { Seconds = number },
            "bytes" => this with { Bytes = (long)number },
            "bandwidth" => this with { Bandwidth = number },
            "latency" => this with { Latency = number },
            "saturation" => this with { Saturation = number },
            "stealing" => this with { Stealing = number != 0 },
            "seed" => this with { Seed = (int)number },
            _ => throw new FormatException($"no setting of an experiment: {parts[0]}"),
        };
    }
}
