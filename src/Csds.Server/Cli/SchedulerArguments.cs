namespace Csds.Server;

/// <summary>What the command line says.</summary>
public sealed record SchedulerArguments
{
    /// <summary>Address to listen on, empty for all interfaces; may be a whole URI.</summary>
    public string Host { get; init; } = "";

    /// <summary>Port; null: 8786; 0: any free one.</summary>
    public int? Port { get; init; }

    /// <summary>Network interface whose address to use.</summary>
    public string? Interface { get; init; }

    /// <summary>Comm protocol.</summary>
    public string? Protocol { get; init; }

    /// <summary>Address of the HTTP server, as <c>host:port</c> or <c>:port</c>.</summary>
    public string DashboardAddress { get; init; } = ":8787";

    /// <summary>Put before every HTTP path.</summary>
    public string DashboardPrefix { get; init; } = "";

    /// <summary>File for the process id; deleted at the end.</summary>
    public string? PidFile { get; init; }

    /// <summary>File for the address; deleted at the end.</summary>
    public string? SchedulerFile { get; init; }

    /// <summary>Duration text, such as <c>5 minutes</c>.</summary>
    public string? IdleTimeout { get; init; }

    /// <summary>Command of the Python to use.</summary>
    public string? Python { get; init; }

    /// <summary>Check invariants after every event.</summary>
    public bool Validate { get; init; }
}
