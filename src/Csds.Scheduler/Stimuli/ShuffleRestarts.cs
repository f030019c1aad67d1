using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>A P2P shuffle has to begin anew, since its workers do not agree on the run (row S64).</summary>
public static class ShuffleRestarts
{
    /// <summary>Input of different runs has come together at the barrier.</summary>
    /// <param name="s">The state.</param>
    /// <param name="id">A shuffle that is under way.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void RestartInconsistentShuffle(this SchedulerState s, Key id, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Outbox.Log(LogSeverity.Warning, $"Shuffle {id} restarted due to data inconsistency during barrier");
        s.Coordination.Shuffles.Restart(id, s.Stimulus("p2p-barrier-inconsistent"));
        s.CheckInvariants();
    }

    /// <summary>Some workers could not be told that all input of a run is there; they are told again.</summary>
    public static void LogShuffleRetry(this SchedulerState s, ShuffleRun run)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(run);
        s.Outbox.Log(LogSeverity.Warning, $"Failure during broadcast of {run.Id}, retrying.");
    }
}
