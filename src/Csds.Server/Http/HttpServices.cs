using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What the HTTP pages are made of.</summary>
public sealed record HttpServices
{
    /// <summary>The state's keeper.</summary>
    public required Reactor Reactor { get; init; }

    /// <summary>Address, id and the like.</summary>
    public ServerSettings Settings { get; init; } = new();

    /// <summary>The last lines of the log.</summary>
    public RecentLog RecentLog { get; init; } = new(TimeProvider.System);

    /// <summary>Asks workers; null: their logs and call stacks cannot be shown.</summary>
    public CommPool? Pool { get; init; }

    /// <summary>What the API for operators asks for; null: it changes nothing.</summary>
    public RpcTable? Operations { get; init; }

    /// <summary><c>distributed.scheduler.http.routes</c>: names of Dask's modules whose pages are served.</summary>
    public IReadOnlyCollection<string> Routes { get; init; } = DefaultRoutes;

    /// <summary>Whether <c>/</c> and <c>/status</c> are served.</summary>
    public bool Dashboard { get; init; } = true;

    /// <summary>The modules that Dask serves without being told.</summary>
    public static IReadOnlyCollection<string> DefaultRoutes { get; } =
    [
        "distributed.http.scheduler.prometheus", "distributed.http.scheduler.info", "distributed.http.scheduler.json",
        "distributed.http.health", "distributed.http.proxy", "distributed.http.statics",
    ];
}
