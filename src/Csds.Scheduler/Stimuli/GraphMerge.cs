using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>A graph on its way into the state: which of its tasks are known, new, touched, colliding.</summary>
internal sealed class GraphMerge
{
    private readonly SchedulerState s;
    private readonly TaskState?[] states;
    private readonly bool[] touched;
    private readonly bool[] collides;

    internal GraphMerge(SchedulerState s, GraphMaterialized graph, IReadOnlyList<int> requested)
    {
        this.s = s;
        Graph = graph;
        Requested = requested;
        states = new TaskState?[graph.Count + graph.External.Length];
        touched = new bool[states.Length];
        collides = new bool[graph.Count];
        for (int i = 0; i < states.Length; i++)
        {
            states[i] = s.Tasks.Find(graph.KeyOf(i));
        }
    }

    internal GraphMaterialized Graph { get; }

    /// <summary>Numbers of the wanted keys, without those that are lost.</summary>
    internal IReadOnlyList<int> Requested { get; }

    /// <summary>Every task that the wanted keys need, known or new.</summary>
    internal List<TaskState> Touched { get; } = [];

    /// <summary>The tasks of <see cref="Touched"/> that were created.</summary>
    internal List<TaskState> NewTasks { get; } = [];

    /// <summary>Numbers in the graph of <see cref="Touched"/>.</summary>
    internal List<int> TouchedNumbers { get; } = [];

    /// <summary>Tasks that are known with other dependencies.</summary>
    internal int Collisions { get; private set; }

    /// <summary>The task with a number in the graph; null if it is not known, or not yet.</summary>
    internal TaskState? StateOf(int number) => states[number];

    internal IEnumerable<TaskState> RequestedTasks() => Requested.Select(number => states[number]).OfType<TaskState>();

    // Tasks with a collision keep their older dependencies, which are known already. Releases before 2025 leave out
    // what was needed only for tasks that are done (row S75).
    private ReadOnlySpan<int> DependenciesToFollow(int number) =>
        number >= Graph.Count || collides[number] || IsDone(number) ? [] : Graph.DependenciesOf(number);

    private bool IsDone(int number) =>
        !s.Options.Dialect.ExpressionGraphs && states[number] is { State: TaskStateName.Memory or TaskStateName.Erred };

    /// <summary>Dask's <c>_generate_taskstates</c>: gets or creates every task that is needed.</summary>
    internal void CreateTasks(Computation computation)
    {
        s.Tasks.EnsureCapacity(Math.Min(Graph.Count, 1 << 20));
        var stack = new Stack<int>(Requested);
        TaskGroup? warned = null;
        while (stack.TryPop(out int number))
        {
            if (touched[number])
            {
                continue;
            }
            touched[number] = true;
            Touched.Add(Touch(number, computation, ref warned));
            TouchedNumbers.Add(number);
            foreach (int dependency in DependenciesToFollow(number))
            {
                if (!touched[dependency])
                {
                    stack.Push(dependency);
                }
            }
        }
    }

    /// <summary>Connects the tasks. Known tasks with other dependencies keep the old ones (row S76).</summary>
    internal void AddDependencies()
    {
        foreach (int number in TouchedNumbers)
        {
            TaskState ts = states[number]!;
            foreach (int dependency in DependenciesToFollow(number))
            {
                if (dependency != number)
                {
                    ts.AddDependency(states[dependency]!);
                }
            }
        }
    }

    private TaskState Touch(int number, Computation computation, ref TaskGroup? warned)
    {
        bool inGraph = number < Graph.Count;
        if (states[number] is not { } ts)
        {
            ts = s.Tasks.Create(Graph.KeyOf(number), default);
            states[number] = ts;
            NewTasks.Add(ts);
            computation.Add(ts.Group);
        }
        if (inGraph && ts.RunSpec.IsNone)
        {
            // The key may have been talked about, or scattered, before anybody said how to compute it.
            ts.RunSpec = Graph.RunSpecs[number];
            ts.DataProducer = Graph.FlagsOf(number).HasFlag(GraphTaskFlags.DataProducer);
            if (Graph.Shuffles.TryGetValue(number, out ShuffleSpec? shuffle))
            {
                ts.EnsureDetails().Shuffle = shuffle;
            }
        }
        else if (inGraph && !IsDone(number) && !SameDependencies(ts, number))
        {
            collides[number] = true;
            Collisions++;
            Warn(ts, ref warned);
        }
        return ts;
    }

    private bool SameDependencies(TaskState ts, int number)
    {
        int same = 0;
        foreach (int dependency in Graph.DependenciesOf(number))
        {
            if (dependency == number)
            {
                continue; // Never connected, see AddDependencies.
            }
            if (states[dependency] is not { } dts || !ts.Dependencies.Contains(dts))
            {
                return false;
            }
            same++;
        }
        return same == ts.Dependencies.Count;
    }

    // Once per group, not per task.
    private void Warn(TaskState ts, ref TaskGroup? warned)
    {
        if (ReferenceEquals(warned, ts.Group))
        {
            return;
        }
        warned = ts.Group;
        s.Outbox.Log(
            LogSeverity.Warning,
            $"Detected different `run_spec` for key {ts.Key.Repr()} between two consecutive calls to `update_graph`. "
            + "This can cause failures and deadlocks down the line. Please ensure unique key names. "
            + "If you are using a standard dask collections, consider releasing all the data before resubmitting another "
            + "computation. More details and help can be found at https://github.com/dask/dask/issues/9888. ");
    }
}
