namespace Csds.Scheduler;

/// <summary>The eight states of a task (row S1): Dask's <c>TaskStateState</c>.</summary>
public enum TaskStateName : byte
{
    /// <summary>Known, but nobody needs its result now.</summary>
    Released,

    /// <summary>Needed; waits for dependencies.</summary>
    Waiting,

    /// <summary>Ready to run, but no worker may run it: <c>no-worker</c>.</summary>
    NoWorker,

    /// <summary>Ready to run, but every worker is busy.</summary>
    Queued,

    /// <summary>Sent to a worker.</summary>
    Processing,

    /// <summary>Its result lies on at least one worker.</summary>
    Memory,

    /// <summary>It, or something that it depends on, failed.</summary>
    Erred,

    /// <summary>Dropped; the object is on its way out.</summary>
    Forgotten,
}

/// <summary>The states' names on the wire.</summary>
public static class TaskStateNames
{
    /// <summary>Number of states.</summary>
    public const int Count = 8;

    private static readonly string[] names =
        ["released", "waiting", "no-worker", "queued", "processing", "memory", "erred", "forgotten"];

    /// <summary>The name that Dask uses.</summary>
    public static string ToText(this TaskStateName state) => names[(int)state];

    /// <summary>Whether there is work left: the task waits, or is ready, or runs.</summary>
    public static bool IsInPlay(this TaskStateName state) =>
        state is TaskStateName.Waiting or TaskStateName.Queued or TaskStateName.Processing or TaskStateName.NoWorker;
}
