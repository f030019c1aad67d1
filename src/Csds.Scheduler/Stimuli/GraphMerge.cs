using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Which tasks of a graph are known, new, touched, colliding. All of them are held (<see cref="TaskState.IsHeld"/>) until
/// they are let go: whatever happens between two steps of a graph's arrival, none of them is forgotten.
/// </summary>
internal sealed class GraphMerge
{
    private readonly SchedulerState s;
    private readonly TaskState?[] states;
    private readonly bool[] isNew;
    private readonly bool[] isRequested;
    private bool[] isTouched = [];
    private Stack<int> next = [];
    private int letGo;
    private TaskGroup? warned;

    /// <summary>Begins with the tasks that are not in the graph, all of which have to be known.</summary>
    internal GraphMerge(SchedulerState s, GraphMaterialized graph, IReadOnlyList<int> requested)
    {
        this.s = s;
        Graph = graph;
        Requested = requested;
        states = new TaskState?[graph.Count + graph.External.Length];
        isNew = new bool[states.Length];
        isRequested = new bool[states.Length];
        foreach (int number in requested)
        {
            isRequested[number] = true;
        }
        for (int number = graph.Count; number < states.Length; number++)
        {
            if (s.Tasks.Find(graph.KeyOf(number)) is { } ts)
            {
                Hold(number, ts);
            }
        }
    }

    internal GraphMaterialized Graph { get; }

    /// <summary>Numbers of the wanted keys, without those that are lost.</summary>
    internal IReadOnlyList<int> Requested { get; }

    /// <summary>Numbers of all tasks that the wanted keys need, known or new.</summary>
    internal List<int> Touched { get; } = [];

    /// <summary>How many of <see cref="Touched"/> were created.</summary>
    internal int NewTasks { get; private set; }

    /// <summary>Tasks that are known with other dependencies.</summary>
    internal int Collisions { get; private set; }

    /// <summary>The task with a number in the graph, once it is touched; else null.</summary>
    internal TaskState? StateOf(int number) => states[number];

    /// <summary>Whether a task was created for this graph.</summary>
    internal bool IsNew(int number) => isNew[number];

    /// <summary>Whether the state knew none of them.</summary>
    internal bool IsAllNew => NewTasks == Touched.Count;

    /// <summary>Whether a key is wanted.</summary>
    internal bool IsRequested(int number) => isRequested[number];

    internal IEnumerable<TaskState> RequestedTasks() => Requested.Select(StateOf).OfType<TaskState>();

    internal IEnumerable<TaskState> TouchedTasks() => Touched.Select(StateOf).OfType<TaskState>();

    /// <summary>Before <see cref="TryTouchNext"/>; takes a while for a large graph.</summary>
    internal void BeginTouching()
    {
        isTouched = new bool[states.Length];
        next = new Stack<int>(Requested);
    }

    /// <summary>
    /// Dask's <c>_generate_taskstates</c>, a task at a time: gets or creates the next one that is needed, and connects it. False
    /// if there are no more.
    /// </summary>
    internal bool TryTouchNext(Computation computation, out int number)
    {
        while (next.TryPop(out number))
        {
            if (isTouched[number])
            {
                continue;
            }
            isTouched[number] = true;
            Touched.Add(number);
            if (Touch(number, computation))
            {
                foreach (int dependency in Graph.DependenciesOf(number))
                {
                    if (!isTouched[dependency])
                    {
                        next.Push(dependency);
                    }
                }
            }
            return true;
        }
        return false;
    }

    /// <summary>The next task is the state's alone from now on, and goes if nobody needs it by then. False if there are no more.</summary>
    internal bool TryLetNextGo()
    {
        if (letGo == states.Length)
        {
            return false;
        }
        if (states[letGo] is { } ts)
        {
            states[letGo] = null;
            ts.Arriving--;
            ClientInterest.DropIfNeedless(s, ts);
        }
        letGo++;
        return true;
    }

    /// <summary>All of them are let go at once, and nothing follows from it.</summary>
    internal void Abandon()
    {
        foreach (TaskState ts in states.OfType<TaskState>())
        {
            ts.Arriving--;
        }
        Array.Clear(states);
    }

    // Answers whether its dependencies are needed. Tasks with a collision keep their older ones, which are known already
    // (row S76). Releases before 2025 leave out what was needed only for tasks that are done (row S75).
    private bool Touch(int number, Computation computation)
    {
        TaskState ts = Ensure(number, computation);
        if (number >= Graph.Count || ts.State == TaskStateName.Forgotten)
        {
            return false;
        }
        bool isDone = !s.Options.Dialect.ExpressionGraphs && ts.State is TaskStateName.Memory or TaskStateName.Erred;
        if (ts.RunSpec.IsNone)
        {
            // The key may have been talked about, or scattered, before anybody said how to compute it.
            Define(ts, number);
            if (!isDone)
            {
                Connect(ts, number, computation);
            }
        }
        else if (!isDone && !SameDependencies(ts, number))
        {
            Collisions++;
            Warn(ts);
            return false;
        }
        return !isDone;
    }

    private TaskState Ensure(int number, Computation computation)
    {
        if (states[number] is { } known)
        {
            return known;
        }
        TaskState ts = s.Tasks.GetOrCreate(Graph.KeyOf(number), out bool created);
        if (created)
        {
            isNew[number] = true;
            NewTasks++;
            computation.Add(ts.Group);
        }
        Hold(number, ts);
        return ts;
    }

    private void Define(TaskState ts, int number)
    {
        ts.RunSpec = Graph.RunSpecs[number];
        ts.DataProducer = Graph.FlagsOf(number).HasFlag(GraphTaskFlags.DataProducer);
        if (Graph.Shuffles.TryGetValue(number, out ShuffleSpec? shuffle))
        {
            ts.EnsureDetails().Shuffle = shuffle;
        }
    }

    private void Connect(TaskState ts, int number, Computation computation)
    {
        foreach (int dependency in Graph.DependenciesOf(number))
        {
            if (dependency == number)
            {
                continue;
            }
            TaskState dts = Ensure(dependency, computation);
            if (dts.State == TaskStateName.Forgotten)
            {
                ts.HasLostDependencies = true; // Data from outside was lost since the graph began to arrive.
            }
            else
            {
                ts.AddDependency(dts);
            }
        }
    }

    private void Hold(int number, TaskState ts)
    {
        states[number] = ts;
        ts.Arriving++;
    }

    private bool SameDependencies(TaskState ts, int number)
    {
        int same = 0;
        foreach (int dependency in Graph.DependenciesOf(number))
        {
            if (dependency == number)
            {
                continue; // Never connected, see Connect.
            }
            TaskState? dts = states[dependency] ?? s.Tasks.Find(Graph.KeyOf(dependency));
            if (dts is null || !ts.Dependencies.Contains(dts))
            {
                return false;
            }
            same++;
        }
        return same == ts.Dependencies.Count;
    }

    // Once per group, not per task.
    private void Warn(TaskState ts)
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
