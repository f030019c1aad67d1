namespace Csds.Scheduler;

/// <summary>A worker's life, as it reports it: <c>distributed.core.Status</c>.</summary>
public enum WorkerStatus
{
    /// <summary><c>undefined</c></summary>
    Undefined,

    /// <summary><c>created</c></summary>
    Created,

    /// <summary><c>init</c></summary>
    Init,

    /// <summary><c>starting</c></summary>
    Starting,

    /// <summary><c>running</c>: the only status in which a worker gets tasks.</summary>
    Running,

    /// <summary><c>paused</c></summary>
    Paused,

    /// <summary><c>stopping</c></summary>
    Stopping,

    /// <summary><c>stopped</c></summary>
    Stopped,

    /// <summary><c>closing</c></summary>
    Closing,

    /// <summary><c>closing_gracefully</c></summary>
    ClosingGracefully,

    /// <summary><c>failed</c></summary>
    Failed,

    /// <summary><c>closed</c></summary>
    Closed,

    /// <summary><c>dont_reply</c></summary>
    DontReply,
}

/// <summary>The statuses' names on the wire.</summary>
public static class WorkerStatuses
{
    private static readonly string[] names =
    [
        "undefined", "created", "init", "starting", "running", "paused", "stopping", "stopped", "closing",
        "closing_gracefully", "failed", "closed", "dont_reply",
    ];

    /// <summary>The name that Dask uses.</summary>
    public static string ToText(this WorkerStatus status) => names[(int)status];

    /// <summary>
    /// Finds a status by the name that Dask uses, as a worker reports it. Who still speaks is closing at most: here,
    /// closed means that the worker was removed.
    /// </summary>
    public static WorkerStatus? Parse(string name)
    {
        int index = Array.IndexOf(names, name);
        if (index < 0)
        {
            return null;
        }
        return index == (int)WorkerStatus.Closed ? WorkerStatus.Closing : (WorkerStatus)index;
    }
}
