namespace Csds.Scheduler;

/// <summary>The names of Dask's loggers that the core speaks for: its modules.</summary>
public static class LoggerNames
{
    /// <summary>The scheduler itself.</summary>
    public const string Scheduler = "distributed.scheduler";

    /// <summary>The active memory manager and its policies.</summary>
    public const string MemoryManager = "distributed.active_memory_manager";

    /// <summary>Semaphores, and locks where they are semaphores.</summary>
    public const string Semaphore = "distributed.semaphore";

    /// <summary>P2P shuffles.</summary>
    public const string Shuffle = "distributed.shuffle._scheduler_plugin";

    /// <summary>P2P shuffles of 2022.</summary>
    public const string LegacyShuffle = "distributed.shuffle._scheduler_extension";
}
