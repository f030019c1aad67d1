namespace Csds.Scheduler.Ordering;

/// <summary>
/// Which releases of Dask's critical-path ordering to follow; they differ in how the next leaf is chosen.
/// </summary>
public enum OrderRelease
{
    /// <summary>2024.11.0 to 2025.4.1, among them Debian 13's 2024.12.1.</summary>
    Dask2024,

    /// <summary>2025.5.0 and later.</summary>
    Dask2025,
}
