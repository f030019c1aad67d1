namespace Csds.Server;

/// <summary>Settings of the server around the core.</summary>
public sealed record ServerSettings
{
    /// <summary><c>distributed.comm.timeouts.connect</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>distributed.scheduler.blocked-handlers</c>.</summary>
    public IReadOnlySet<string> BlockedHandlers { get; init; } = new HashSet<string>();

    /// <summary>The address that workers and clients are told.</summary>
    public string Address { get; set; } = "";

    /// <summary>Ports of the HTTP services, by name.</summary>
    public Dictionary<string, int> Services { get; } = [];

    /// <summary>The scheduler's id.</summary>
    public string Id { get; init; } = $"Scheduler-{Guid.NewGuid()}";

    /// <summary>Seconds since 1970 when the scheduler started.</summary>
    public double Started { get; init; }
}
