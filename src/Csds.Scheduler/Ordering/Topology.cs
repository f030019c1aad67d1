namespace Csds.Scheduler.Ordering;

/// <summary>Orders that respect dependencies, and what breaks them.</summary>
internal static class Topology
{
    /// <summary>
    /// All nodes, each behind its dependencies. Throws <see cref="GraphCycleException"/> where there is no such order.
    /// </summary>
    internal static int[] Sort(Rows dependencies, Rows dependents)
    {
        int count = dependencies.Count;
        int[] missing = new int[count];
        int[] order = new int[count];
        int end = 0;
        for (int node = 0; node < count; node++)
        {
            missing[node] = dependencies.Length(node);
            if (missing[node] == 0)
            {
                order[end++] = node;
            }
        }
        for (int next = 0; next < end; next++)
        {
            foreach (int dependent in dependents[order[next]])
            {
                if (--missing[dependent] == 0)
                {
                    order[end++] = dependent;
                }
            }
        }
        return end == count ? order : throw new GraphCycleException(FindCycle(dependencies, dependents));
    }

    /// <summary><c>dask.core.getcycle</c>: a cycle, its first node again at the end; empty if there is none.</summary>
    internal static int[] FindCycle(Rows dependencies, Rows dependents)
    {
        const byte Seen = 1, Completed = 2;
        byte[] marks = new byte[dependencies.Count];
        var stack = new Stack<int>();
        for (int start = 0; start < marks.Length; start++)
        {
            stack.Push(start);
            while (stack.TryPeek(out int node))
            {
                if (marks[node] == Completed)
                {
                    stack.Pop();
                    continue;
                }
                marks[node] = Seen;
                int before = stack.Count;
                foreach (int next in dependencies[node])
                {
                    if (marks[next] == Seen)
                    {
                        // Nothing of this node's own row takes part in the cycle.
                        while (stack.Count > before)
                        {
                            stack.Pop();
                        }
                        return Cycle(dependents, stack, next);
                    }
                    if (marks[next] != Completed)
                    {
                        stack.Push(next);
                    }
                }
                if (stack.Count == before)
                {
                    marks[node] = Completed;
                    stack.Pop();
                }
            }
        }
        return [];
    }

    /// <summary>
    /// Walks from the node seen twice along dependents, preferring those that were on the stack first.
    /// </summary>
    private static int[] Cycle(Rows dependents, Stack<int> stack, int seenTwice)
    {
        // As in Dask, this gives a short cycle but not always the shortest.
        int last = stack.Peek();
        var priorities = new Dictionary<int, int>();
        while (stack.Peek() != seenTwice)
        {
            // A node may be on the stack more than once; the deepest place counts.
            priorities[stack.Pop()] = -priorities.Count;
        }
        priorities[seenTwice] = -priorities.Count;

        var cycle = new List<int> { seenTwice, last };
        while (last != seenTwice)
        {
            int best = int.MaxValue;
            foreach (int dependent in dependents[cycle[^1]])
            {
                if (priorities.TryGetValue(dependent, out int priority) && priority < best)
                {
                    best = priority;
                    last = dependent;
                }
            }
            cycle.Add(last);
        }
        cycle.Reverse();
        return [.. cycle];
    }
}
