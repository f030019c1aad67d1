using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The readings of <see cref="MemoryState"/> by the names that Dask has for them.</summary>
public static class MemoryMeasures
{
    private static readonly string[] all =
    [
        "managed", "managed_in_memory", "managed_spilled", "managed_total", "optimistic", "process", "spilled", "unmanaged",
        "unmanaged_old", "unmanaged_recent",
    ];

    /// <summary>The names that there are.</summary>
    public static IEnumerable<string> Names(Dialect dialect) => all.Where(name => Find(name, dialect) is not null);

    /// <summary>
    /// The reading of a name; null if Dask has none of it. Until 2023 results on disk count as managed, and two
    /// readings have other names.
    /// </summary>
    public static Func<MemoryState, long>? Find(string name, Dialect dialect)
    {
        ArgumentNullException.ThrowIfNull(dialect);
        return name switch
        {
            "process" => m => m.Process,
            "managed" when dialect.PackedGraphs => m => m.ManagedTotal,
            "managed" or "managed_in_memory" => m => m.Managed,
            "managed_spilled" => m => m.Spilled,
            "managed_total" when !dialect.PackedGraphs => m => m.ManagedTotal,
            "spilled" when !dialect.PackedGraphs => m => m.Spilled,
            "unmanaged" => m => m.Unmanaged,
            "unmanaged_old" => m => m.UnmanagedOld,
            "unmanaged_recent" => m => m.UnmanagedRecent,
            "optimistic" => m => m.Optimistic,
            _ => null,
        };
    }
}
