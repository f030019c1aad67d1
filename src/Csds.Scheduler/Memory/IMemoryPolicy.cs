namespace Csds.Scheduler;

/// <summary>Suggests which replicas should come and go: Dask's <c>ActiveMemoryManagerPolicy</c> (row S52).</summary>
internal interface IMemoryPolicy
{
    /// <summary>Looks at the state and tells <paramref name="round"/> what it suggests.</summary>
    void Run(MemoryRound round);
}
