using Csds.Protocol;

namespace Csds.Simulator.Worker;

/// <summary>A task that a worker was told to run.</summary>
internal sealed class WorkerTask(Key key)
{
    internal Key Key { get; } = key;

    internal RunState State { get; set; }

    /// <summary>The run that the scheduler waits for; a run that already goes on answers with the number it began with.</summary>
    internal long RunId { get; set; }

    /// <summary>Smaller first.</summary>
    internal IReadOnlyList<double> Priority { get; set; } = [];

    internal Key[] Dependencies { get; set; } = [];

    internal bool NeedsResource { get; set; }

    /// <summary>When it began to run.</summary>
    internal double Started { get; set; }

    /// <summary>It still has to be computed here.</summary>
    internal bool IsAlive => State is RunState.Waiting or RunState.Ready or RunState.Executing or RunState.LongRunning;

    /// <summary>What a worker calls the state.</summary>
    internal string StateName => State switch
    {
        RunState.LongRunning => "long-running",
        RunState.Ready when NeedsResource => "constrained",
        _ => State.ToString().ToLowerInvariant(),
    };
}
