namespace Csds.Scheduler;

/// <summary>
/// Creates and drops replicas of results to make better use of the cluster's memory (rows S52, R53): Dask's
/// <c>ActiveMemoryManagerExtension</c>. Its policies run every <c>interval</c>, or when asked to.
/// </summary>
public sealed class ActiveMemoryManager
{
    private readonly SchedulerState s;
    private readonly Func<MemoryState, long> measure;
    private readonly double interval;
    private readonly List<IMemoryPolicy> policies = [];
    private Deadline? next;

    /// <summary>Makes one without policies that does not run yet.</summary>
    /// <param name="s">The state.</param>
    /// <param name="interval">Seconds between two rounds.</param>
    internal ActiveMemoryManager(SchedulerState s, double interval)
    {
        this.s = s;
        this.interval = interval;
        measure = MemoryMeasures.Find(s.Options.MemoryManagerMeasure, s.Options.Dialect)
            ?? throw new ArgumentException($"no measure of memory: {s.Options.MemoryManagerMeasure}");
    }

    /// <summary>Whether its policies run by themselves.</summary>
    public bool IsRunning => next is not null;

    /// <summary>The policies, in the order in which they run.</summary>
    internal IReadOnlyList<IMemoryPolicy> Policies => policies;

    /// <summary>The manager of the settings: its policies, and running if they say so.</summary>
    internal static ActiveMemoryManager FromOptions(SchedulerState s)
    {
        var manager = new ActiveMemoryManager(s, s.Options.MemoryManagerInterval);
        foreach (string policy in s.Options.MemoryManagerPolicies)
        {
            if (policy == ReduceReplicas.ClassName)
            {
                manager.Add(new ReduceReplicas());
            }
            else
            {
                s.Outbox.Log(
                    LogSeverity.Error,
                    $"Active memory manager policy {policy} is Python code, which csds cannot run; it is left out", LoggerNames.MemoryManager);
            }
        }
        if (s.Options.MemoryManagerStart)
        {
            manager.Start();
        }
        return manager;
    }

    internal void Add(IMemoryPolicy policy) => policies.Add(policy);

    internal void Remove(IMemoryPolicy policy) => policies.Remove(policy);

    /// <summary>Runs the policies every interval from now on.</summary>
    internal void Start() => next ??= s.Deadlines.Add(s.Now + interval, Fire);

    /// <summary>Ends that.</summary>
    internal void Stop()
    {
        if (next is not null)
        {
            s.Deadlines.Cancel(next);
            next = null;
        }
    }

    /// <summary>Runs every policy once and sends what they suggest.</summary>
    internal void RunOnce()
    {
        var round = new MemoryRound(s, measure);
        // A policy may remove itself.
        foreach (IMemoryPolicy policy in policies.ToArray())
        {
            policy.Run(round);
        }
        round.Enact();
    }

    /// <summary><c>amm_handler</c>: what <c>client.amm</c> asks for.</summary>
    internal void Serve(Request r)
    {
        switch (r.Method)
        {
            case "start":
                Start();
                break;
            case "stop":
                Stop();
                break;
            case "run_once":
                RunOnce();
                break;
            case "running":
                s.Answer(r.Number, Answers.Bool(IsRunning));
                return;
            default:
                s.Refuse(r.Number, new PythonError("builtins", "AssertionError", ""));
                return;
        }
        s.Answer(r.Number);
    }

    private void Fire()
    {
        next = s.Deadlines.Add(s.Now + interval, Fire);
        RunOnce();
    }
}
