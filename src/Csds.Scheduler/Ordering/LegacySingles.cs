namespace Csds.Scheduler.Ordering;

/// <summary>
/// Runs <c>singles</c> of the order until 2023.12.0: tasks that are ready and, once run, may free what they depend on.
/// Nothing is gained at once, but perhaps soon.
/// </summary>
internal sealed class LegacySingles(LegacyState state)
{
    private readonly bool[] isFound = new bool[state.NumNeeded.Length];

    /// <summary>
    /// Runs all singles that free their parent, and chains behind them, and gives in <paramref name="found"/> which
    /// dependents to decide about. If <paramref name="optimistic"/>, other dependents of a parent may be on an inner
    /// stack; then what frees nothing is left for later.
    /// </summary>
    internal void Run(bool optimistic, List<int> found)
    {
        foreach (int single in state.Singles)
        {
            if (state.IsPlaced(single))
            {
                continue;
            }
            if (optimistic && state.HasSeveralLeft(state.ParentOfSingle(single)))
            {
                state.LaterSingles.Add(single);
                continue;
            }
            for (int next = single; next >= 0;)
            {
                next = optimistic ? RunCarefully(next, found) : RunFreely(next, found);
            }
        }
        state.ClearSingles();
        Finish(found);
    }

    /// <summary>
    /// Runs all later singles: no stack hides dependents of their parents, each of them frees something.
    /// </summary>
    internal void RunLater(List<int> found)
    {
        foreach (int single in state.LaterSingles)
        {
            if (!state.IsPlaced(single))
            {
                for (int next = single; next >= 0;)
                {
                    next = RunFreely(next, found);
                }
            }
        }
        state.LaterSingles.Clear();
        Finish(found);
    }

    /// <summary>Runs a task; gives its only dependent if that is ready, otherwise -1.</summary>
    private int RunFreely(int task, List<int> found)
    {
        ReadOnlySpan<int> dependents = Place(task);
        if (dependents.Length == 1 && state.NumNeeded[dependents[0]] == 0)
        {
            return dependents[0];
        }
        foreach (int dependent in dependents)
        {
            Find(dependent, found);
        }
        return -1;
    }

    /// <summary>The same, minding dependents that are on an inner stack.</summary>
    private int RunCarefully(int task, List<int> found)
    {
        ReadOnlySpan<int> dependents = Place(task);
        int seen = 0, other = -1;
        foreach (int dependent in dependents)
        {
            if (state.Seen[dependent])
            {
                seen++;
            }
            else
            {
                other = dependent;
            }
        }
        if (seen == dependents.Length)
        {
            return seen == 1 && state.NumNeeded[dependents[0]] == 0 ? dependents[0] : -1;
        }
        if (dependents.Length - seen == 1 && state.NumNeeded[other] == 0)
        {
            if (seen == 0)
            {
                return other;
            }
            state.LaterSingles.Add(other);
            return -1;
        }
        foreach (int dependent in dependents)
        {
            if (!state.Seen[dependent])
            {
                Find(dependent, found);
            }
        }
        return -1;
    }

    private ReadOnlySpan<int> Place(int task)
    {
        state.Place(task);
        ReadOnlySpan<int> dependents = state.Dependents[task];
        foreach (int dependent in dependents)
        {
            state.NumNeeded[dependent]--;
        }
        return dependents;
    }

    private void Find(int task, List<int> found)
    {
        if (!isFound[task])
        {
            isFound[task] = true;
            found.Add(task);
        }
    }

    private void Finish(List<int> found)
    {
        foreach (int task in found)
        {
            isFound[task] = false;
        }
        found.RemoveAll(state.IsPlaced);
        found.Sort();
    }
}
