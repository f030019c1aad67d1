using Csds.Scheduler;

namespace Csds.Simulator;

/// <summary>What a run was like.</summary>
public sealed class Report
{
    internal Report(int seed, long events, SchedulerHost host)
    {
        SchedulerState core = host.Core;
        Seed = seed;
        Events = events;
        Messages = host.Messages;
        Digest = host.Digest;
        Transitions = core.TransitionCounter;
        WorkersLost = core.Workers.RemovedTotal;
        Steals = core.Stealing.RequestCounts.Sum();
        Stale = core.Stale;
    }

    /// <summary>The seed.</summary>
    public int Seed { get; }

    /// <summary>Events in the world.</summary>
    public long Events { get; }

    /// <summary>Messages that the core has sent.</summary>
    public long Messages { get; }

    /// <summary>Stands for all bytes that the core has sent, in their order.</summary>
    public string Digest { get; }

    /// <summary>Transitions of tasks.</summary>
    public long Transitions { get; }

    /// <summary>Workers that were removed.</summary>
    public long WorkersLost { get; }

    /// <summary>Tasks that were asked for by idle workers.</summary>
    public long Steals { get; }

    /// <summary>Messages that came too late to mean anything, by reason.</summary>
    public IReadOnlyDictionary<string, long> Stale { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"seed {Seed}: {Events} events, {Messages} messages, {Transitions} transitions, {WorkersLost} workers lost, "
        + $"{Steals} steals, digest {Digest}, too late: "
        + $"{string.Join(", ", Stale.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key} {p.Value}"))}";
}
