using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Experiments;

namespace Csds.Simulator;

/// <summary>
/// What kind of world a seed makes. Every number is drawn: a fault that is rare everywhere would never meet another.
/// </summary>
public sealed class Profile
{
    private static readonly Dialect[] dialects = [Dialect.Newest, Dialect.Newest, Dialect.Dask2024, Dialect.Dask2022];

    /// <summary>Draws a profile.</summary>
    public Profile(Randomness random)
    {
        Dialect dialect = random.Pick(dialects);
        Workers = random.Between(1, 6);
        Clients = random.Between(1, 3);
        Graphs = random.Between(1, 5);
        GraphSize = random.Between(1, 30);
        Latency = random.Pick([0.0001, 0.002, 0.05, 1.0]);
        TaskSeconds = random.Pick([0.001, 0.1, 2.0]);
        TurnInterval = random.Chance(0.5) ? 0 : random.Between(0.001, 0.1);
        FaultSeconds = random.Between(5, 60);
        WorkerDeaths = Rate(random);
        WorkerPauses = Rate(random);
        WorkerFreezes = random.Chance(0.2) ? 0.01 : 0;
        ClientDeaths = random.Chance(0.3) ? 0.02 : 0;
        Cancels = Rate(random);
        Releases = Rate(random);
        TaskErrors = random.Chance(0.5) ? random.Between(0, 0.1) : 0;
        Reschedules = random.Chance(0.3) ? 0.05 : 0;
        Secedes = random.Chance(0.3) ? 0.1 : 0;
        DuplicateReports = random.Chance(0.3) ? 0.1 : 0;
        KillerTasks = random.Chance(0.2) ? 0.05 : 0;
        DataProducers = random.Chance(0.5) ? 0.3 : 0;
        ResourceTasks = random.Chance(0.3) ? 0.2 : 0;
        Scatters = random.Chance(0.3) ? random.Between(1, 3) : 0;
        Drops = random.Chance(0.3) ? 0.05 : 0;
        Options = new SchedulerOptions
        {
            Dialect = dialect,
            WorkerSaturation = random.Pick([0.1, 1.1, 2, double.PositiveInfinity]),
            AllowedFailures = random.Between(0, 3),
            WorkerTtl = 30,
            TransitionLogLength = 2000,
            WorkStealing = random.Chance(0.7),
            Seed = random.Between(0, 1000),
        };
    }

    /// <summary>The profile of an experiment: nothing goes wrong.</summary>
    internal Profile(ExperimentSettings settings)
    {
        Workers = settings.Workers;
        Latency = settings.Latency;
        TaskSeconds = settings.Seconds;
        Options = new SchedulerOptions
        {
            WorkerSaturation = settings.Saturation,
            WorkStealing = settings.Stealing,
            Bandwidth = settings.Bandwidth,
            Seed = settings.Seed,
        };
    }

    /// <summary>Settings of the core.</summary>
    public SchedulerOptions Options { get; }

    /// <summary>Workers at the beginning.</summary>
    public int Workers { get; }

    /// <summary>Clients.</summary>
    public int Clients { get; }

    /// <summary>Graphs that each client submits.</summary>
    public int Graphs { get; }

    /// <summary>Largest number of tasks in a graph.</summary>
    public int GraphSize { get; }

    /// <summary>Mean seconds that a transfer takes.</summary>
    public double Latency { get; }

    /// <summary>Mean seconds that a task runs.</summary>
    public double TaskSeconds { get; }

    /// <summary>Seconds between two turns of the host; 0: a turn for each event.</summary>
    public double TurnInterval { get; }

    /// <summary>Seconds until the faults stop.</summary>
    public double FaultSeconds { get; }

    /// <summary>Per second and worker: dies, and another one comes.</summary>
    public double WorkerDeaths { get; }

    /// <summary>Per second and worker: is paused for a while.</summary>
    public double WorkerPauses { get; }

    /// <summary>Per second and worker: does nothing for longer than its time to live.</summary>
    public double WorkerFreezes { get; }

    /// <summary>Per second and client: is gone without a word.</summary>
    public double ClientDeaths { get; }

    /// <summary>Per second and client: cancels a key.</summary>
    public double Cancels { get; }

    /// <summary>Per second and client: releases a key.</summary>
    public double Releases { get; }

    /// <summary>Share of runs that fail.</summary>
    public double TaskErrors { get; }

    /// <summary>Share of runs that are given back.</summary>
    public double Reschedules { get; }

    /// <summary>Share of runs that secede.</summary>
    public double Secedes { get; }

    /// <summary>Share of reports that are sent twice.</summary>
    public double DuplicateReports { get; }

    /// <summary>Share of tasks that kill their worker.</summary>
    public double KillerTasks { get; }

    /// <summary>Share of tasks that declare themselves root-ish.</summary>
    public double DataProducers { get; }

    /// <summary>Share of tasks that need a resource, which not every worker has.</summary>
    public double ResourceTasks { get; }

    /// <summary>Keys that each client scatters.</summary>
    public int Scatters { get; }

    /// <summary>Per second and worker: loses a result.</summary>
    public double Drops { get; }

    private static double Rate(Randomness random) => random.Pick([0, 0, 0.02, 0.2]);
}
