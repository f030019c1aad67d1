namespace Csds.Scheduler;

/// <summary>What scheduler plugins may want to see: the methods of Dask's <c>SchedulerPlugin</c>.</summary>
[Flags]
public enum PluginHooks
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A client submitted a graph.</summary>
    UpdateGraph = 1,

    /// <summary>A task moved.</summary>
    Transition = 2,

    /// <summary>A worker came.</summary>
    AddWorker = 4,

    /// <summary>A worker went.</summary>
    RemoveWorker = 8,

    /// <summary>A client came.</summary>
    AddClient = 16,

    /// <summary>A client went.</summary>
    RemoveClient = 32,

    /// <summary>The cluster restarts.</summary>
    Restart = 64,

    /// <summary>An event was logged.</summary>
    LogEvent = 128,
}
