using Csds.Policies;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>Something that might happen next.</summary>
/// <param name="Name">What it is; put together only to report a failure.</param>
/// <param name="Happen">Makes it happen.</param>
internal sealed record Step(Func<string> Name, Action Happen);

/// <summary>How large a small world is, and what may happen in it.</summary>
internal sealed record WorldRules
{
    /// <summary>Settings of the core.</summary>
    internal SchedulerOptions Options { get; init; } = new() { TransitionLogLength = 50 };

    /// <summary>Name of the policy.</summary>
    internal string Policy { get; init; } = PolicyTable.Default;

    /// <summary>Workers at the beginning.</summary>
    internal int Workers { get; init; } = 2;

    /// <summary>How many workers may ever come.</summary>
    internal int MaxWorkers { get; init; } = 3;

    /// <summary>Threads of each worker.</summary>
    internal int Threads { get; init; } = 1;

    /// <summary>Clients, which all submit the same graph.</summary>
    internal int Clients { get; init; } = 1;

    /// <summary>The tasks are siblings of one group.</summary>
    internal bool OneGroup { get; init; }

    /// <summary>Every task is root-ish, so that the queue fills.</summary>
    internal bool Producers { get; init; }

    /// <summary>Replicas come and go.</summary>
    internal bool Replicas { get; init; }

    /// <summary>Pauses, long-running tasks, rescheduling, data from outside, the graph once more.</summary>
    internal bool Oddities { get; init; }

    /// <summary>Workers retire, and the active memory manager runs.</summary>
    internal bool Retirements { get; init; }
}
