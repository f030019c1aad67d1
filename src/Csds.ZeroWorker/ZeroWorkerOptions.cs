using System.Globalization;

namespace Csds.ZeroWorker;

/// <summary>How the workers of a process behave.</summary>
internal sealed record ZeroWorkerOptions
{
    /// <summary>Address of the scheduler.</summary>
    public required string Scheduler { get; init; }

    /// <summary>Number of workers.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Threads of each: tasks that run at once, if they take time.</summary>
    public int NThreads { get; init; } = 1;

    /// <summary>What a task takes, in seconds: drawn between the two.</summary>
    public (double Low, double High) Duration { get; init; }

    /// <summary>How long reports are collected before they are sent, in seconds; Dask's own workers take 0.002.</summary>
    public double BatchInterval { get; init; }

    /// <summary>Seed of the durations.</summary>
    public int Seed { get; init; }

    /// <summary>Workers that leave without a word when <see cref="LoseAt"/> tasks are finished.</summary>
    public int Lose { get; init; }

    /// <summary>When they leave.</summary>
    public long LoseAt { get; init; }

    /// <summary>Reads a duration: <c>0.1</c>, or <c>0.1-0.5</c> for one that is drawn.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static (double Low, double High) ParseDuration(string text)
    {
        string[] parts = text.Split('-');
        double[] seconds = Array.ConvertAll(parts, p => double.Parse(p, CultureInfo.InvariantCulture));
        return seconds switch
        {
            [double fixedTime] => (fixedTime, fixedTime),
            [double low, double high] when low <= high => (low, high),
            _ => throw new FormatException($"'{text}' is no duration"),
        };
    }
}
