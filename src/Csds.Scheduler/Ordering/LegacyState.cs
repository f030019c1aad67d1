using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>What the parts of the order until 2023.12.0 share while tasks get their places.</summary>
internal sealed class LegacyState
{
    private readonly int[] dependentsLeft;
    private readonly int[] parents;
    private readonly List<int> finishing = [];
    private readonly Predicate<int> canFinish;
    private int place;

    /// <summary>Takes over <paramref name="dependents"/>.</summary>
    internal LegacyState(Rows dependencies, Rows dependents, LegacyMetrics metrics, KeyTies ties)
    {
        int count = dependencies.Count;
        Dependencies = dependencies;
        Dependents = dependents;
        Metrics = metrics;
        NumNeeded = new int[count];
        Priorities = new int[count];
        Seen = new bool[count];
        dependentsLeft = new int[count];
        parents = new int[count];
        Array.Fill(Priorities, -1);
        Array.Fill(parents, -1);
        int finals = 0;
        for (int task = 0; task < count; task++)
        {
            NumNeeded[task] = Dependencies.Length(task);
            dependentsLeft[task] = Dependents.Length(task);
            if (dependentsLeft[task] == 0)
            {
                finals++;
                SkippedRoot = task;
            }
        }
        if (finals == 1 && count > 1)
        {
            Seen[SkippedRoot] = true;
        }
        else
        {
            SkippedRoot = -1;
        }
        Keys = new LegacyKeys(Dependencies, Dependents, metrics, NumNeeded, ties);
        canFinish = task => Dependents.Length(task) == 0 && NumNeeded[task] == 1;
    }

    internal Rows Dependencies { get; }

    /// <summary>Dependents; those that were placed on the way are taken out.</summary>
    internal Rows Dependents { get; }

    internal LegacyMetrics Metrics { get; }

    internal LegacyKeys Keys { get; }

    /// <summary>Dependencies without a place.</summary>
    internal int[] NumNeeded { get; }

    /// <summary>The result: places, -1 for tasks that have none yet.</summary>
    internal int[] Priorities { get; }

    /// <summary><c>seen</c>: tasks that are or were on an inner stack.</summary>
    internal bool[] Seen { get; }

    /// <summary>
    /// A single final task that everything leads to is left to the end; -1 if there are several. (Dask calls it a
    /// root.)
    /// </summary>
    internal int SkippedRoot { get; }

    internal bool IsComplete => place == Priorities.Length;

    /// <summary>
    /// <c>singles</c>: ready tasks that may free what they depend on, in the order in which they came.
    /// </summary>
    internal List<int> Singles { get; } = [];

    /// <summary><c>later_singles</c>: ready tasks that will free what they depend on.</summary>
    internal List<int> LaterSingles { get; } = [];

    internal bool IsPlaced(int task) => Priorities[task] >= 0;

    /// <summary>Whether more than one dependent of a task has no place yet.</summary>
    internal bool HasSeveralLeft(int task) => dependentsLeft[task] > 1;

    /// <summary>Puts a task among the singles; <paramref name="parent"/> is what it may free.</summary>
    internal void AddSingle(int task, int parent)
    {
        if (parents[task] < 0)
        {
            Singles.Add(task);
        }
        parents[task] = parent;
    }

    internal int ParentOfSingle(int task) => parents[task];

    internal void ClearSingles()
    {
        foreach (int task in Singles)
        {
            parents[task] = -1;
        }
        Singles.Clear();
    }

    /// <summary>
    /// Places a task, and with it the final tasks that become ready by it; tells whether there were such. No dangling
    /// final task is left behind.
    /// </summary>
    internal bool Place(int task)
    {
        Append(task);
        if (Metrics.MinHeights[task] != 1)
        {
            return false;
        }
        finishing.Clear();
        Dependents.MoveOut(task, canFinish, finishing);
        if (finishing.Count > 0)
        {
            StableSort.Sort(CollectionsMarshal.AsSpan(finishing), Keys.FinishNow);
            foreach (int final in finishing)
            {
                Append(final);
            }
            return true;
        }
        if (SkippedRoot >= 0 && Dependents.Remove(task, SkippedRoot))
        {
            NumNeeded[SkippedRoot]--;
            dependentsLeft[task]--;
        }
        return false;
    }

    private void Append(int task)
    {
        Priorities[task] = place++;
        foreach (int dependency in Dependencies[task])
        {
            dependentsLeft[dependency]--;
        }
    }
}
