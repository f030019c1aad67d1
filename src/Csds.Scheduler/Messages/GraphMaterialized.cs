using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// A graph made flat: what the helper or the native reader makes of <c>update-graph*</c>. Tasks are numbered by their
/// place in the graph; a dependency number from <see cref="Count"/> on means one of <see cref="External"/>.
/// </summary>
public sealed record GraphMaterialized
{
    /// <summary>The keys of the tasks, in the graph's own order.</summary>
    public required Key[] Keys { get; init; }

    /// <summary>Keys that tasks depend on and that are not in the graph.</summary>
    public Key[] External { get; init; } = [];

    /// <summary>The dependencies of task i are <c>Dependencies[DependencyOffsets[i] .. DependencyOffsets[i + 1]]</c>.</summary>
    public required int[] DependencyOffsets { get; init; }

    /// <summary>Numbers of the dependencies of all tasks, one task after the other.</summary>
    public required int[] Dependencies { get; init; }

    /// <summary>What each task runs.</summary>
    public required RunSpec[] RunSpecs { get; init; }

    /// <summary>Properties of each task; empty if no task has any.</summary>
    public GraphTaskFlags[] Flags { get; init; } = [];

    /// <summary>Annotations of each task, shared between tasks with equal ones; empty if no task has any.</summary>
    public TaskAnnotations?[] Annotations { get; init; } = [];

    /// <summary>The P2P shuffles, by the number of their barrier task.</summary>
    public IReadOnlyDictionary<int, ShuffleSpec> Shuffles { get; init; } = new Dictionary<int, ShuffleSpec>();

    /// <summary>Numbers of the keys that the client asked for; those that are not in the graph are external.</summary>
    public int[] Requested { get; init; } = [];

    /// <summary>Place of each task in the static order, as <c>dask.order</c> gives it, or as the client does.</summary>
    public int[] Order { get; init; } = [];

    /// <summary>Whether <see cref="Order"/> is the client's: no policy changes it.</summary>
    public bool OrderIsGiven { get; init; }

    /// <summary>Number of tasks.</summary>
    public int Count => Keys.Length;

    /// <summary>Numbers of the dependencies of a task.</summary>
    public ReadOnlySpan<int> DependenciesOf(int task) =>
        Dependencies.AsSpan(DependencyOffsets[task], DependencyOffsets[task + 1] - DependencyOffsets[task]);

    /// <summary>The key with a number: a task of the graph or an external one.</summary>
    public Key KeyOf(int number) => number < Keys.Length ? Keys[number] : External[number - Keys.Length];

    /// <summary>Properties of a task.</summary>
    public GraphTaskFlags FlagsOf(int task) => Flags.Length == 0 ? GraphTaskFlags.None : Flags[task];

    /// <summary>Annotations of a task.</summary>
    public TaskAnnotations? AnnotationsOf(int task) => Annotations.Length == 0 ? null : Annotations[task];
}

/// <summary>Properties of a task that scheduling depends on and that only Python sees.</summary>
[Flags]
public enum GraphTaskFlags : byte
{
    /// <summary>None of the others.</summary>
    None = 0,

    /// <summary>The task declares that it produces data (row V30).</summary>
    DataProducer = 1,

    /// <summary>The value is data, no task: matters to the static order only.</summary>
    Data = 2,

    /// <summary>The task stands for another key.</summary>
    Alias = 4,

    /// <summary>The barrier of a P2P shuffle.</summary>
    P2PBarrier = 8,
}
