using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The last computations, oldest first: Dask's <c>Scheduler.computations</c>.</summary>
public sealed class ComputationTable
{
    /// <summary>
    /// Groups after which a computation ends although there still is work; in Dask it goes on, and grows for as long as
    /// the cluster is never idle.
    /// </summary>
    internal const int MaxGroups = 1000;

    private readonly SchedulerState s;
    private readonly Queue<Computation> computations = new();
    private readonly RandomIds ids;
    private Computation? last;

    internal ComputationTable(SchedulerState s)
    {
        this.s = s;
        ids = new RandomIds(s.Options.Seed + 1);
    }

    /// <summary>All that are kept: as many as <see cref="SchedulerOptions.ComputationsKept"/>.</summary>
    public IReadOnlyCollection<Computation> All => computations;

    /// <summary>A graph arrives: it belongs to the last computation if that is not done, else to a new one.</summary>
    internal Computation Observe(Opaque? code)
    {
        if (last is null || IsIdle || last.Groups.Count >= MaxGroups)
        {
            last = new Computation(ids.Next(), s.Now);
            computations.Enqueue(last);
            while (computations.Count > s.Options.ComputationsKept)
            {
                computations.Dequeue();
            }
        }
        if (code is not null)
        {
            last.AddCode(code);
        }
        return last;
    }

    private bool IsIdle => s.Options.Dialect.PackedGraphs
        ? s.Occupancy.Total <= 1e-9
        : s.ProcessingCount == 0 && s.Queued.Count == 0 && s.Unrunnable.IsEmpty;
}
