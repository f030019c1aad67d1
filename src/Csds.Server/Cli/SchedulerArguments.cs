namespace Csds.Server;

/// <summary>What the command line says (rows E1 to E8).</summary>
public sealed record SchedulerArguments
{
    /// <summary>Address to listen on, empty for all interfaces; may be a whole URI.</summary>
    public string Host { get; init; } = "";

    /// <summary>Ports, one for each protocol; 0: any free one; empty: the default.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Network interfaces whose addresses to use: none, one, or one for each address.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Comm protocols; empty: what the address or the configuration says.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>File of the certificate authorities; null: what the configuration says.</summary>
    public string? TlsCaFile { get; init; }

    /// <summary>File of the scheduler's certificate.</summary>
    public string? TlsCert { get; init; }

    /// <summary>File of the scheduler's private key.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Whether any TLS option was given.</summary>
    public bool SaysTls => TlsCaFile is not null || TlsCert is not null || TlsKey is not null;

    /// <summary>Whether the pages for people are served; the other HTTP routes always are.</summary>
    public bool Dashboard { get; init; } = true;

    /// <summary>Addresses of the HTTP server, as <c>host:port</c> or <c>:port</c>, with commas between them.</summary>
    public string DashboardAddress { get; init; } = ":8787";

    /// <summary>Put before every HTTP path.</summary>
    public string DashboardPrefix { get; init; } = "";

    /// <summary>File for the process id; deleted at the end.</summary>
    public string? PidFile { get; init; }

    /// <summary>File for the address; deleted at the end.</summary>
    public string? SchedulerFile { get; init; }

    /// <summary>Python modules, files or URLs to load, in this order.</summary>
    public IReadOnlyList<string> Preload { get; init; } = [];

    /// <summary>Arguments for the <c>dask_setup</c> command of a preload.</summary>
    public IReadOnlyList<string> PreloadArgv { get; init; } = [];

    /// <summary>Duration text, such as <c>5 minutes</c>.</summary>
    public string? IdleTimeout { get; init; }

    /// <summary>Command of the Python to use.</summary>
    public string? Python { get; init; }

    /// <summary>Name of the scheduling policy; null: what the configuration says.</summary>
    public string? Policy { get; init; }

    /// <summary>Check invariants after every event.</summary>
    public bool Validate { get; init; }
}
