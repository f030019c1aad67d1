using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>The policies that can be chosen by name.</summary>
public static class PolicyTable
{
    /// <summary>The name of the one that is used if nobody says anything.</summary>
    public const string Default = "dask";

    private static readonly Func<ISchedulingPolicy>[] policies =
    [
        () => new DaskPolicy(),
        () => new RandomPolicy(),
        () => new RoundRobinPolicy(),
        () => new LeastOccupancyPolicy(),
        () => new BLevelPolicy(),
        () => new TLevelPolicy(),
    ];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. policies.Select(make => make().Name)];

    /// <summary>A new policy; null if there is none of that name.</summary>
    public static ISchedulingPolicy? Create(string name) => policies.Select(make => make()).FirstOrDefault(p => p.Name == name);
}
