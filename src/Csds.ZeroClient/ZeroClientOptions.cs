namespace Csds.ZeroClient;

/// <summary>What is measured, and how.</summary>
internal sealed record ZeroClientOptions
{
    /// <summary>Process whose time and memory are measured, with its children.</summary>
    public int Watch { get; init; } = Environment.ProcessId;

    /// <summary>Seconds that the watched processes are waited for at most, to be idle before the graph is sent.</summary>
    public double Settle { get; init; } = 15;

    /// <summary>Address of the scheduler's pages, such as <c>http://127.0.0.1:8787</c>; null to ask nothing.</summary>
    public string? Pages { get; init; }

    /// <summary>Let everything go with the first result, and measure until the scheduler is idle again.</summary>
    public bool Cancel { get; init; }
}
