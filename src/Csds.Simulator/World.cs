using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Checking;
using Csds.Simulator.Client;
using Csds.Simulator.Experiments;
using Csds.Simulator.Network;
using Csds.Simulator.Worker;

namespace Csds.Simulator;

/// <summary>
/// One simulated cluster: the real core, and workers, clients, a network and a clock that a seed determines. Faults
/// happen for a while; then they stop, and everything that somebody wants has to come to an end.
/// </summary>
public sealed class World
{
    /// <summary>A resource that some workers have.</summary>
    internal const string Resource = "GPU";

    /// <summary>Seconds of simulated time after which what has not come to an end never will.</summary>
    private const double Patience = 20_000;

    private readonly Dictionary<string, SimulatedWorker> workers = [];
    private readonly List<SimulatedClient> clients = [];
    private readonly Workload workload;
    private int workersMade;
    private int clientsMade;
    private long fetches;
    private long bytesFetched;

    /// <summary>Makes the world of a seed, with Dask's policy or another.</summary>
    public World(int seed, ISchedulingPolicy? policy = null)
    {
        Seed = seed;
        Policy = policy ?? new DaskPolicy();
        Random = new Randomness(seed);
        Profile = new Profile(Random);
        workload = new Workload(Profile, Random);
        Host = new SchedulerHost(this);
    }

    /// <summary>Makes the world of an experiment.</summary>
    internal World(Experiment experiment, ISchedulingPolicy policy)
    {
        Experiment = experiment;
        Seed = experiment.Settings.Seed;
        Policy = policy;
        Random = new Randomness(Seed);
        Profile = new Profile(experiment.Settings);
        workload = new Workload(Profile, Random);
        Host = new SchedulerHost(this);
    }

    /// <summary>Everything follows from it.</summary>
    public int Seed { get; }

    /// <summary>Gets a line for every message and every fault.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>Decides where tasks run.</summary>
    internal ISchedulingPolicy Policy { get; }

    /// <summary>What is tried, if anything is; then nothing goes wrong.</summary>
    internal Experiment? Experiment { get; }

    internal EventQueue Clock { get; } = new();

    internal Randomness Random { get; }

    internal Profile Profile { get; }

    internal SchedulerHost Host { get; }

    internal IEnumerable<SimulatedWorker> Workers => workers.Values;

    internal IReadOnlyList<SimulatedClient> Clients => clients;

    /// <summary>Faults still happen.</summary>
    internal bool HasFaults { get; private set; } = true;

    /// <summary>Lets everything happen.</summary>
    /// <exception cref="SafetyException">Something happened that must not, or did not happen that must.</exception>
    public Report Run()
    {
        Host.Start();
        for (int i = 0; i < Profile.Workers; i++)
        {
            AddWorker();
        }
        for (int i = 0; i < Profile.Clients; i++)
        {
            AddClient();
        }
        var faults = new Faults(this);
        faults.Start();
        Clock.RunUntil(Clock.Now + Profile.FaultSeconds);
        HasFaults = false;
        Heal();
        Await(LivenessChecker.WhatIsMissing);
        foreach (SimulatedClient client in clients.Where(c => c.IsAlive))
        {
            client.ReleaseEverything();
        }
        Await(LivenessChecker.WhatIsLeft);
        return new Report(Seed, Clock.Happened, Host);
    }

    /// <summary>Runs the experiment; invariants are checked as ever.</summary>
    internal Outcome RunExperiment()
    {
        Experiment experiment = Experiment ?? throw new InvalidOperationException("a world without an experiment");
        HasFaults = false;
        Host.Start();
        for (int i = 0; i < Profile.Workers; i++)
        {
            AddWorker(experiment.Settings.Threads, hasResource: false);
        }
        AddClient();
        Clock.RunUntil(Clock.Now + 1);
        double start = Clock.Now;
        clients[0].Submit(experiment.Submission);
        while (!clients[0].HasEverything)
        {
            if (Clock.Now > start + Patience + (10 * experiment.Seconds.Sum()))
            {
                throw new SafetyException(LivenessChecker.WhatIsMissing(this) ?? "the client does not know what is there");
            }
            Clock.RunUntil(Clock.Now + (0.01 * experiment.Settings.Seconds));
        }
        return new Outcome(clients[0].LastNews - start, bytesFetched, fetches, Host.Core.Stealing.RequestCounts.Sum());
    }

    /// <summary>How long a task runs.</summary>
    internal double SecondsOf(Key key) => Experiment?.SecondsOf(key) ?? Random.Exponential(Profile.TaskSeconds);

    /// <summary>How many bytes its result has.</summary>
    internal long BytesOf(Key key) => Experiment?.BytesOf(key) ?? Random.Between(1, 1000);

    /// <summary>How long it takes to bring a result to a worker that has found a holder, who answers with so many bytes.</summary>
    internal double FetchSeconds(long? bytes)
    {
        bytesFetched += bytes ?? 0;
        fetches += bytes is null ? 0 : 1;
        return Random.Exponential(Profile.Latency) + (bytes / Experiment?.Settings.Bandwidth ?? 0);
    }

    /// <summary>Notes what happens, if anybody reads it.</summary>
    internal void Note(Func<string> what) => Trace?.Invoke($"{Clock.Now - 1_000_000:F4} {what()}");

    internal Link NewLink() => new(Clock, Random, Profile.Latency);

    internal SimulatedWorker? FindWorker(string address) => workers.GetValueOrDefault(address);

    internal void Forget(SimulatedWorker worker) => workers.Remove(worker.Address);

    internal bool IsKiller(Key key) => workload.Killers.Contains(key);

    internal SimulatedWorker AddWorker(bool hasResource = false) => AddWorker(Random.Between(1, 3), hasResource || Random.Chance(0.5));

    private SimulatedWorker AddWorker(int threads, bool hasResource)
    {
        var worker = new SimulatedWorker(this, $"worker-{workersMade++}", threads, hasResource);
        workers.Add(worker.Address, worker);
        return worker;
    }

    internal void AddClient()
    {
        var client = new SimulatedClient(this, $"client-{clientsMade++}");
        clients.Add(client);
        for (int i = 0; i < Profile.Graphs; i++)
        {
            Clock.After(Random.Between(0, Profile.FaultSeconds * 0.9), () => SubmitFor(client));
        }
        for (int i = 0; i < Profile.Scatters; i++)
        {
            Key key = Key.FromString($"scattered-{client.Name}-{i}");
            Clock.After(Random.Between(0, Profile.FaultSeconds * 0.5), () => client.Scatter(key));
        }
    }

    private void SubmitFor(SimulatedClient client)
    {
        if (client.IsAlive && HasFaults)
        {
            client.Submit(workload.Next([.. client.Futures.Keys]));
        }
    }

    // Whatever is needed to go on is there from now on. Tasks that kill their workers still do.
    private void Heal()
    {
        foreach (SimulatedWorker worker in workers.Values.ToArray())
        {
            worker.SetPaused(false);
        }
        Replace();
    }

    private void Replace()
    {
        if (!workers.Values.Any(w => w.HasResource))
        {
            AddWorker(hasResource: true);
        }
        Clock.After(1, Replace);
    }

    private void Await(Func<World, string?> whatIsWrong)
    {
        double deadline = Clock.Now + Patience;
        double pause = 10 * Profile.Latency;
        while (whatIsWrong(this) is { } wrong)
        {
            if (Clock.Now > deadline)
            {
                throw new SafetyException($"{wrong}, {Patience} seconds after the faults have stopped");
            }
            Clock.RunUntil(Clock.Now + pause);
            pause = Math.Min(100, 2 * pause);
        }
    }
}
