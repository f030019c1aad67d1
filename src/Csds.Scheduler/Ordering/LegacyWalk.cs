using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>The main loop of the order until 2023.12.0.</summary>
/// <remarks>
/// What comes next is, in this order: the inner stack, singles, the stacks below, later singles, next nodes, the outer
/// stack, later nodes, another part of the graph.
/// </remarks>
internal sealed class LegacyWalk
{
    /// <summary>Dask does not sort as many dependencies or more.</summary>
    private const int ManyDependencies = 1000;

    private readonly LegacyState state;
    private readonly NestedStack inner = new();
    private readonly PostponedTasks postponed = new();
    private readonly LegacySingles singles;
    private readonly LegacyPartition partition;
    private readonly List<int> starts = [];
    private readonly List<int> dependents = [];
    private readonly List<int> nodes = [];
    private bool startsAreSorted;

    internal LegacyWalk(LegacyState state)
    {
        this.state = state;
        singles = new LegacySingles(state);
        partition = new LegacyPartition(state, inner, postponed);
        for (int task = 0; task < state.NumNeeded.Length; task++)
        {
            if (state.NumNeeded[task] == 0)
            {
                starts.Add(task);
            }
        }
    }

    internal void Run()
    {
        inner.Push(FirstStart());
        while (true)
        {
            WalkInner();
            if (state.IsComplete)
            {
                return;
            }
            postponed.StackNext();
            if (RefillInner())
            {
                continue;
            }
            if (postponed.HasLater)
            {
                postponed.Swap();
            }
            else
            {
                inner.Push(NextStart());
            }
        }
    }

    /// <summary>Walks down dependencies and up dependents until all tactical goals are reached.</summary>
    private void WalkInner()
    {
        int item = -1;
        while (true)
        {
            bool fromSingles = true;
            bool mayDescend = false;
            if (!inner.IsEmpty)
            {
                item = inner.Pop();
                if (state.IsPlaced(item))
                {
                    continue;
                }
                if (state.NumNeeded[item] > 0)
                {
                    Descend(item);
                    if (state.Singles.Count == 0)
                    {
                        continue;
                    }
                }
                else
                {
                    fromSingles = false;
                    mayDescend = !state.Place(item);
                    if (!TakeDependents(item))
                    {
                        continue;
                    }
                }
            }
            else if (!inner.IsOutermost)
            {
                inner.Close();
                continue;
            }
            else if (state.Singles.Count == 0 && state.LaterSingles.Count == 0)
            {
                return;
            }
            if (fromSingles && !RunSingles())
            {
                continue;
            }
            partition.Distribute(item, dependents, mayDescend, fromSingles);
        }
    }

    /// <summary>Puts what an item waits for above it.</summary>
    private void Descend(int item)
    {
        if (item == state.SkippedRoot)
        {
            return;
        }
        inner.Push(item);
        nodes.Clear();
        foreach (int dependency in state.Dependencies[item])
        {
            if (!state.IsPlaced(dependency))
            {
                nodes.Add(dependency);
            }
        }
        if (nodes.Count < ManyDependencies)
        {
            StableSort.Sort(CollectionsMarshal.AsSpan(nodes), state.Keys.DependenciesReversed);
        }
        foreach (int dependency in nodes)
        {
            inner.Push(dependency);
            state.Seen[dependency] = true;
        }
    }

    /// <summary>Tells the dependents of a task that it has its place; false if there are none.</summary>
    private bool TakeDependents(int item)
    {
        dependents.Clear();
        dependents.AddRange(state.Dependents[item]);
        foreach (int dependent in dependents)
        {
            state.NumNeeded[dependent]--;
        }
        return dependents.Count > 0;
    }

    private bool RunSingles()
    {
        dependents.Clear();
        if (state.Singles.Count > 0)
        {
            singles.Run(optimistic: !inner.IsEmpty || !inner.IsOutermost, dependents);
        }
        else
        {
            singles.RunLater(dependents);
        }
        return dependents.Count > 0;
    }

    /// <summary>
    /// Takes the next group that was put off and still has tasks without a place; false if there is none.
    /// </summary>
    private bool RefillInner()
    {
        while (postponed.HasOuter)
        {
            nodes.Clear();
            foreach (int task in postponed.PopOuter())
            {
                if (!state.IsPlaced(task))
                {
                    nodes.Add(task);
                }
            }
            if (nodes.Count > 0)
            {
                partition.PushEach(CollectionsMarshal.AsSpan(nodes));
                return true;
            }
        }
        return false;
    }

    private int FirstStart()
    {
        int first = starts[0];
        foreach (int task in starts)
        {
            if (state.Keys.Initial.Compare(task, first) < 0)
            {
                first = task;
            }
        }
        return first;
    }

    private int NextStart()
    {
        if (!startsAreSorted)
        {
            starts.RemoveAll(state.IsPlaced);
            state.Keys.SortInitial(CollectionsMarshal.AsSpan(starts));
            starts.Reverse();
            startsAreSorted = true;
        }
        int start;
        do
        {
            start = starts[^1];
            starts.RemoveAt(starts.Count - 1);
        }
        while (state.IsPlaced(start));
        return start;
    }
}
