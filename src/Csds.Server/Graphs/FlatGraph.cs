using System.Runtime.InteropServices;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Collects tasks and what they depend on, by key and in any order, and makes a flat graph of them.</summary>
internal sealed class FlatGraph
{
    private const int None = -1;

    private readonly List<Key> names = [];
    private readonly Dictionary<Key, int> numbers = new(KeyComparer.Instance);
    private readonly Dictionary<Key, int>.AlternateLookup<ReadOnlySpan<byte>> byToken;

    // By name: the number of the task, None while it is only a dependency.
    private readonly List<int> taskOf = [];

    // The name that was asked for last.
    private int named = None;

    // By task: its name.
    private readonly List<int> nameOf = [];
    private readonly List<RunSpec> runSpecs = [];

    // Names, in the order of mention.
    private readonly List<(int Task, int Dependency)> edges = [];

    // By name: the place that the client gives it; empty if it gives none.
    private readonly List<int> placeOf = [];

    internal FlatGraph() => byToken = numbers.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Number of keys that were ever named.</summary>
    internal int Names => names.Count;

    /// <summary>Makes room for more keys.</summary>
    internal void Expect(int more)
    {
        if (more <= names.Count)
        {
            return; // It is as good to double what there is. A graph may have thousands of small layers.
        }
        int total = names.Count + more;
        numbers.EnsureCapacity(total);
        names.EnsureCapacity(total);
        taskOf.EnsureCapacity(total);
        nameOf.EnsureCapacity(total);
        runSpecs.EnsureCapacity(total);
    }

    /// <summary>The number of a key among all that were ever named.</summary>
    internal int Name(ReadOnlySpan<byte> token) => TryFind(token, out int name) ? name : Add(token);

    /// <summary>The number of a key, if it was ever named.</summary>
    internal bool TryFind(ReadOnlySpan<byte> token, out int name)
    {
        // Much that is told of tasks comes in their order.
        name = named + 1;
        if ((name < names.Count && names[name].Token.SequenceEqual(token)) || byToken.TryGetValue(token, out name))
        {
            named = name;
            return true;
        }
        return false;
    }

    /// <summary>The same as <see cref="Name"/>, for a key that is probably new.</summary>
    internal int Add(ReadOnlySpan<byte> token)
    {
        var key = new Key(token.ToArray());
        ref int name = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, key, out bool isKnown);
        if (!isKnown)
        {
            name = names.Count;
            names.Add(key);
            taskOf.Add(None);
        }
        named = name;
        return name;
    }

    /// <summary>Whether a name is that of a task.</summary>
    internal bool IsTask(int name) => taskOf[name] != None;

    /// <summary>The key of a name.</summary>
    internal Key KeyOf(int name) => names[name];

    /// <summary>Says what a task runs; the last word counts.</summary>
    internal void Define(int name, RunSpec runSpec)
    {
        if (taskOf[name] is var task and not None)
        {
            runSpecs[task] = runSpec;
            return;
        }
        taskOf[name] = nameOf.Count;
        nameOf.Add(name);
        runSpecs.Add(runSpec);
    }

    /// <summary>Says where in the order a task comes.</summary>
    internal void Place(int name, int place)
    {
        if (placeOf.Count < names.Count)
        {
            CollectionsMarshal.SetCount(placeOf, names.Count);
        }
        placeOf[name] = place;
    }

    /// <summary>Says that a task depends on another.</summary>
    internal void Connect(int task, int dependency)
    {
        if (task != dependency)
        {
            edges.Add((task, dependency));
        }
    }

    /// <summary>
    /// The graph: tasks in the order of their definition, dependencies in that of their mention, annotations as given by name.
    /// </summary>
    internal GraphMaterialized Build(IReadOnlyList<TaskAnnotations?> annotations)
    {
        Key[] keys = [.. nameOf.Select(KeyOf)];
        (int[] starts, int[] dependencies) = ByTask();
        var external = new List<Key>();
        var offsets = new int[keys.Length + 1];
        // For each name the last task that was seen to need it, to leave out what is mentioned twice.
        int[] neededBy = new int[names.Count];
        Array.Fill(neededBy, None);
        int kept = 0;
        for (int task = 0; task < keys.Length; task++)
        {
            for (int i = starts[task]; i < starts[task + 1]; i++)
            {
                int name = dependencies[i];
                if (neededBy[name] != task)
                {
                    neededBy[name] = task;
                    dependencies[kept++] = NumberOf(name, external);
                }
            }
            offsets[task + 1] = kept;
        }
        return new GraphMaterialized
        {
            Keys = keys,
            External = [.. external],
            DependencyOffsets = offsets,
            Dependencies = dependencies[..kept],
            RunSpecs = [.. runSpecs],
            Order = placeOf.Count == 0 ? [] : [.. nameOf.Select(name => name < placeOf.Count ? placeOf[name] : 0)],
            OrderIsGiven = placeOf.Count > 0,
            Annotations = annotations.Count == 0 ? [] : [.. nameOf.Select(name => name < annotations.Count ? annotations[name] : null)],
        };
    }

    // Dependencies that are no tasks are numbered behind the tasks, as they come.
    private int NumberOf(int name, List<Key> external)
    {
        if (taskOf[name] == None)
        {
            taskOf[name] = nameOf.Count + external.Count;
            external.Add(names[name]);
        }
        return taskOf[name];
    }

    // Where each task's dependencies begin, and the names of all of them. What is said of no task counts for nothing.
    private (int[] Starts, int[] Dependencies) ByTask()
    {
        int[] starts = new int[nameOf.Count + 1];
        foreach ((int task, _) in edges)
        {
            if (taskOf[task] is var number and not None)
            {
                starts[number + 1]++;
            }
        }
        for (int i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }
        int[] next = starts[..^1];
        int[] dependencies = new int[starts[^1]];
        foreach ((int task, int dependency) in edges)
        {
            if (taskOf[task] is var number and not None)
            {
                dependencies[next[number]++] = dependency;
            }
        }
        return (starts, dependencies);
    }
}
