using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Takes the tasks of a graph, layer by layer.</summary>
/// <param name="mostTasks">Layers that announce more together are not read.</param>
internal sealed class LayerTasks(int mostTasks = int.MaxValue)
{
    /// <summary>
    /// Bytes of keys that one layer may be made of, those among arguments included. A short message can announce any number of
    /// them: what is larger is made by the helper, which is a process of its own.
    /// </summary>
    private const double MostBytes = 1e9;

    private readonly List<int> layer = [];
    private double announced;
    private int task;

    /// <summary>All tasks, and what they depend on.</summary>
    internal FlatGraph Graph { get; } = new();

    /// <summary>Calls of functions that tasks share.</summary>
    internal SplitRunSpecs Calls { get; } = new();

    /// <summary>The names of the current layer's tasks.</summary>
    internal IReadOnlyList<int> Layer => layer;

    /// <summary>
    /// Whether tasks as they are need not stay in the message when they have been read: the graph does not go to the helper, unless
    /// their own layer needs it.
    /// </summary>
    internal bool IsReadForGood { get; set; }

    /// <summary>Whether a layer was not read because there would be too many tasks.</summary>
    internal bool IsTooMany => announced > mostTasks;

    /// <summary>Begins a layer.</summary>
    internal void BeginLayer() => layer.Clear();

    /// <summary>Whether a layer of so many tasks, with so many bytes of keys each, is made here; there is room for them then.</summary>
    internal bool TryExpect(double tasks, double bytesEach) => tasks * bytesEach <= MostBytes && TryExpect(tasks);

    /// <summary>The same for tasks that the message itself has.</summary>
    internal bool TryExpect(double tasks)
    {
        announced += tasks;
        if (IsTooMany)
        {
            return false;
        }
        Graph.Expect((int)tasks);
        return true;
    }

    /// <summary>Begins a task; what it runs follows with <see cref="End"/>.</summary>
    internal void Begin(ReadOnlySpan<byte> key) => task = Graph.Name(key);

    /// <summary>Says that the current task depends on another, of this graph or not.</summary>
    internal void Needs(ReadOnlySpan<byte> key) => Graph.Connect(task, Graph.Name(key));

    /// <summary>The same for a key that is only a dependency if the graph has it so far: Dask's <c>keys_in_tasks</c>.</summary>
    internal void NeedsIfKnown(ReadOnlySpan<byte> key)
    {
        if (IsTask(key))
        {
            Needs(key);
        }
    }

    /// <summary>Whether the graph has a task so far.</summary>
    internal bool IsTask(ReadOnlySpan<byte> key) => Graph.TryFind(key, out int name) && Graph.IsTask(name);

    /// <summary>Ends the current task.</summary>
    internal void End(RunSpec runSpec) => Define(task, runSpec);

    /// <summary>Says what a task of the current layer runs.</summary>
    internal void Define(int name, RunSpec runSpec)
    {
        Graph.Define(name, runSpec);
        layer.Add(name);
    }
}
