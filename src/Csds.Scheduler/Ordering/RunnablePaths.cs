using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>process_runnables</c>: walks from nodes that have become ready to the next one that needs more than one input.
/// A path is placed as soon as that saves memory, and remembered until then.
/// </summary>
internal sealed class RunnablePaths(OrderState state)
{
    private readonly Rows dependencies = state.Graph.Dependencies;
    private readonly Rows dependents = state.Graph.Dependents;
    private readonly Dictionary<int, List<RunnablePath>> known = [];
    private readonly Queue<(int Splits, RunnablePath Path)> branches = new();
    private readonly List<int> nodes = [];
    private List<int> candidates = [];

    /// <summary><c>known_runnable_paths</c> has paths to this node.</summary>
    internal bool Leads(int node) => known.ContainsKey(node);

    /// <summary>Forgets the paths to a node and gives them.</summary>
    internal List<RunnablePath> Take(int node)
    {
        known.Remove(node, out List<RunnablePath>? paths);
        return paths!;
    }

    /// <summary>Decides about all runnable nodes, and those that become runnable meanwhile.</summary>
    internal void Process()
    {
        while (state.Runnable.Count > 0)
        {
            candidates = state.TakeRunnable(candidates);
            for (int last = candidates.Count - 1; last >= 0; last--)
            {
                int node = candidates[last];
                if (state.InRunnableHull[node] || state.IsEmitted(node))
                {
                    continue;
                }
                if (state.Leaves.Contains(node))
                {
                    state.Emit(node);
                    continue;
                }
                branches.Enqueue((0, new RunnablePath(node, null)));
                while (branches.TryDequeue(out (int Splits, RunnablePath Path) branch))
                {
                    Walk(branch.Splits, branch.Path);
                }
            }
            candidates.Clear();
        }
    }

    private void Walk(int splits, RunnablePath path)
    {
        while (true)
        {
            int current = path.Node;
            state.InRunnableHull[current] = true;
            ReadOnlySpan<int> downstream = dependents[current];
            if (!downstream.IsEmpty && (path.Length == 1 || dependencies.Length(current) == 1))
            {
                if (downstream.Length == 1)
                {
                    path = new RunnablePath(downstream[0], path);
                    continue;
                }
                Split(splits + 1, path, downstream);
            }
            else if (!downstream.IsEmpty && known.TryGetValue(current, out List<RunnablePath>? others))
            {
                others.Add(path);
                state.InRunnableHull[current] = false;
                Join(splits, current, others);
            }
            else if (state.NumNeeded[current] <= 1)
            {
                EmitAll(path);
            }
            else
            {
                state.InRunnableHull[current] = false;
                if (!downstream.IsEmpty)
                {
                    known[current] = [path];
                }
            }
            return;
        }
    }

    /// <summary>Follows each dependent that waits for this path only; the others are not ours to reach.</summary>
    private void Split(int splits, RunnablePath path, ReadOnlySpan<int> downstream)
    {
        nodes.Clear();
        foreach (int dependent in downstream)
        {
            if (dependencies.Length(dependent) == 1)
            {
                nodes.Add(dependent);
            }
        }
        state.Keys.Sort(CollectionsMarshal.AsSpan(nodes));
        foreach (int dependent in nodes)
        {
            branches.Enqueue((splits, new RunnablePath(dependent, path)));
        }
    }

    /// <summary>Places the paths to a node once there are enough of them to run it.</summary>
    private void Join(int splits, int current, List<RunnablePath> paths)
    {
        if (paths.Count < state.NumNeeded[current])
        {
            return;
        }
        paths.RemoveAll(path => state.IsEmitted(path.Previous!.Node));
        if (paths.Count < state.NumNeeded[current])
        {
            return;
        }
        known.Remove(current);
        if (splits > 1)
        {
            if (paths.Count > 0)
            {
                branches.Enqueue((splits - 1, Concatenate(paths)));
            }
            return;
        }
        var waiting = new Queue<RunnablePath>(paths);
        // Dask goes round until all are placed. A round without progress would never end.
        for (int stalled = 0; stalled <= waiting.Count && waiting.TryDequeue(out RunnablePath? path); stalled++)
        {
            int left = state.Left;
            if (!TryEmitAll(path))
            {
                waiting.Enqueue(path);
            }
            stalled = state.Left < left ? -1 : stalled;
        }
    }

    private RunnablePath Concatenate(List<RunnablePath> paths)
    {
        RunnablePath? whole = null;
        foreach (RunnablePath path in paths)
        {
            path.CopyTo(nodes);
            foreach (int node in nodes)
            {
                whole = new RunnablePath(node, whole);
            }
        }
        return whole!;
    }

    private void EmitAll(RunnablePath path)
    {
        path.CopyTo(nodes);
        foreach (int node in nodes)
        {
            state.Emit(node);
        }
    }

    /// <summary>Places a path up to its first node that still waits for something; false if there is one.</summary>
    private bool TryEmitAll(RunnablePath path)
    {
        path.CopyTo(nodes);
        foreach (int node in nodes)
        {
            if (state.NumNeeded[node] != 0)
            {
                return false;
            }
            state.Emit(node);
        }
        return true;
    }
}
