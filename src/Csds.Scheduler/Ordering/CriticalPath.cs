using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>The main loop of dask.order: builds a path from a leaf down to a root, then walks it upwards.</summary>
internal sealed class CriticalPath(OrderState state, Targets targets)
{
    private readonly Rows dependencies = state.Graph.Dependencies;
    private readonly RunnablePaths runnables = new(state);
    private readonly List<int> path = [];
    private readonly List<int> unplaced = [];
    private readonly List<int> nodes = [];

    /// <summary>Gives a place to every node that a leaf leads to.</summary>
    internal void Run()
    {
        while (state.Left > 0)
        {
            int target = targets.Next();
            if (target < 0)
            {
                return;
            }
            Build(target);
            Walk();
            runnables.Process();
        }
    }

    /// <summary>
    /// Goes down from the target along the dependency that is worth most, with its siblings on the stack.
    /// </summary>
    private void Build(int target)
    {
        path.Add(target);
        ReadOnlySpan<int> next = dependencies[target];
        while (!next.IsEmpty)
        {
            int item = state.Keys.Max(next);
            path.Add(item);
            next = Unplaced(item);
            path.AddRange(next);
        }
    }

    private void Walk()
    {
        bool walkedBack = false;
        while (path.Count > 0)
        {
            int item = path[^1];
            path.RemoveAt(path.Count - 1);
            if (state.IsEmitted(item))
            {
                continue;
            }
            if (state.NumNeeded[item] != 0)
            {
                path.Add(item);
                walkedBack |= Descend(item);
                continue;
            }
            if (walkedBack && state.Runnable.Count < path.Count)
            {
                runnables.Process();
            }
            state.Emit(item);
        }
    }

    /// <summary>
    /// Puts what an item waits for on the stack; true if that takes more than one path that is not known yet.
    /// </summary>
    private bool Descend(int item)
    {
        Span<int> waitedFor = Unplaced(item);
        state.Keys.Sort(waitedFor);
        int unknown = 0;
        foreach (int dependency in waitedFor)
        {
            if (!runnables.Leads(dependency))
            {
                path.Add(dependency);
                unknown++;
            }
        }
        foreach (int dependency in waitedFor)
        {
            if (runnables.Leads(dependency))
            {
                foreach (RunnablePath known in runnables.Take(dependency))
                {
                    known.CopyTo(nodes);
                    for (int i = nodes.Count - 1; i >= 0; i--)
                    {
                        path.Add(nodes[i]);
                    }
                }
            }
        }
        return unknown > 1;
    }

    /// <summary>The dependencies of a node that have no place yet; valid until the next call.</summary>
    private Span<int> Unplaced(int node)
    {
        unplaced.Clear();
        foreach (int dependency in dependencies[node])
        {
            if (!state.IsEmitted(dependency))
            {
                unplaced.Add(dependency);
            }
        }
        return CollectionsMarshal.AsSpan(unplaced);
    }
}
