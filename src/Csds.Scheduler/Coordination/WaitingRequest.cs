namespace Csds.Scheduler;

/// <summary>A request that cannot be answered yet. It holds no thread: it is a record with a number, and perhaps a deadline.</summary>
/// <param name="number">The host's number for it.</param>
/// <param name="late">What its peer gets when time is up; null: False.</param>
internal class WaitingRequest(long number, PythonError? late = null)
{
    /// <summary>The host's number for it.</summary>
    internal long Number { get; } = number;

    /// <summary>What its peer gets when time is up; null: False.</summary>
    internal PythonError? Late { get; } = late;

    /// <summary>When time is up.</summary>
    internal Deadline? Deadline { get; set; }

    /// <summary>Takes it out of the line that it waits in.</summary>
    internal Action? Leave { get; set; }

    /// <summary>Time is up, or the peer is gone: undoes what the request has done so far.</summary>
    internal virtual void GiveUp()
    {
    }
}
