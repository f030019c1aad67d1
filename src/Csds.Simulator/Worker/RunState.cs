namespace Csds.Simulator.Worker;

/// <summary>How far a worker is with a task, in the words of Dask's worker.</summary>
internal enum RunState
{
    /// <summary>Dependencies have to be fetched.</summary>
    Waiting,

    /// <summary>Waits for a thread, or for a resource.</summary>
    Ready,

    /// <summary>Runs.</summary>
    Executing,

    /// <summary>Runs, and has seceded.</summary>
    LongRunning,

    /// <summary>Was taken back while it ran; the run goes on, and nobody will hear of it.</summary>
    Cancelled,

    /// <summary>The result is there.</summary>
    Memory,

    /// <summary>It has failed.</summary>
    Error,
}
