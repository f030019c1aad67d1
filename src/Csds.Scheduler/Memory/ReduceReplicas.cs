namespace Csds.Scheduler;

/// <summary>
/// Drops replicas beyond the one that is needed, and those that tasks still wait for (row S52): Dask's policy of the same
/// name.
/// </summary>
internal sealed class ReduceReplicas : IMemoryPolicy
{
    /// <summary>Its name in the configuration.</summary>
    internal const string ClassName = "distributed.active_memory_manager.ReduceReplicas";

    // Beyond that many, newer releases count every waiter, wherever it runs.
    private const int ManyWaiters = 20;

    /// <inheritdoc/>
    public void Run(MemoryRound round)
    {
        foreach (TaskState ts in round.State.ReplicatedTasks)
        {
            int drop = ts.WhoHas.Count - Math.Max(1, CountWaiters(round.State, ts))
                + round.PendingReplicas(ts) - round.PendingDrops(ts);
            for (int i = 0; i < drop; i++)
            {
                round.Drop(ts);
            }
        }
    }

    // Who waits and has no worker yet may need a replica of its own; two on one worker share one.
    private static int CountWaiters(SchedulerState s, TaskState ts)
    {
        int count = ts.Waiters.Count;
        bool exactly = s.Options.Dialect.PackedGraphs || (count > 1 && count < ManyWaiters);
        return exactly ? ts.Waiters.Select(w => (object?)w.ProcessingOn ?? w).Distinct().Count() : count;
    }
}
