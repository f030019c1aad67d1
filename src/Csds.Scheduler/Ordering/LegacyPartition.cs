using System.Runtime.InteropServices;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// Decides, for the order until 2023.12.0, what becomes of the dependents of a task that got its place: run them now,
/// next or later, by their partition keys.
/// </summary>
internal sealed class LegacyPartition(LegacyState state, NestedStack inner, PostponedTasks postponed)
{
    /// <summary>Dask does not sort as many dependents or more.</summary>
    private const int ManyDependents = 100;

    private readonly long[] keys = state.Metrics.PartitionKeys;
    private readonly Predicate<int> isSeen = task => state.Seen[task];
    private readonly IComparer<int> byPartition =
        Comparer<int>.Create((x, y) => state.Metrics.PartitionKeys[x].CompareTo(state.Metrics.PartitionKeys[y]));

    /// <summary>
    /// Distributes <paramref name="dependents"/> of <paramref name="item"/>. A new goal may be chosen among them if
    /// <paramref name="mayDescend"/>; <paramref name="fromSingles"/> tells that singles were run for them.
    /// </summary>
    internal void Distribute(int item, List<int> dependents, bool mayDescend, bool fromSingles)
    {
        int first = dependents[0];
        int before = dependents.Count;
        dependents.RemoveAll(isSeen);
        if (dependents.Count == 0)
        {
            if (before == 1 && state.NumNeeded[first] == 0)
            {
                state.AddSingle(first, item);
            }
            return;
        }
        mayDescend &= dependents.Count == before;
        Span<int> tasks = CollectionsMarshal.AsSpan(dependents);
        switch (tasks.Length)
        {
            case 1:
                DistributeOne(item, tasks[0], mayDescend);
                break;
            case 2:
                DistributeTwo(item, tasks[0], tasks[1], mayDescend, fromSingles);
                break;
            default:
                DistributeMany(item, tasks, mayDescend);
                break;
        }
    }

    /// <summary>Puts an inner stack for each task on top, the best last unless there are very many.</summary>
    internal void PushEach(Span<int> tasks)
    {
        if (tasks.Length < ManyDependents)
        {
            StableSort.Sort(tasks, state.Keys.DependentsReversed);
        }
        inner.PushEach(tasks);
        MarkSeen(tasks);
    }

    private void DistributeOne(int item, int task, bool mayDescend)
    {
        if (inner.IsEmpty ? mayDescend : keys[task] < keys[inner.Bottom])
        {
            Enter(task);
        }
        else if (state.NumNeeded[task] == 0)
        {
            // Not on the stack, but worth running soon: it may free its parent.
            state.AddSingle(task, item);
        }
        else
        {
            Postpone(item, [task]);
        }
    }

    /// <summary>With two dependents, running the better one first may let the other one free their parent.</summary>
    private void DistributeTwo(int item, int task, int other, bool mayDescend, bool fromSingles)
    {
        if (keys[other] < keys[task] || (keys[other] == keys[task] && state.Keys.Dependents.Compare(other, task) < 0))
        {
            (task, other) = (other, task);
        }
        if (!inner.IsEmpty)
        {
            DistributeTwoBelow(keys[inner.Bottom], item, task, other, fromSingles);
        }
        else if (!mayDescend)
        {
            PostponeTwo(item, task, other);
        }
        else if (state.NumNeeded[other] == 0)
        {
            // The empty stack is left below on purpose: while it is there, singles are run with care.
            inner.Open();
            Enter(task);
            state.AddSingle(other, item);
        }
        else if (keys[task] == keys[other] && state.Metrics.Exceeds(item, 5, task, 22))
        {
            inner.Open();
            Enter(other);
            Enter(task);
        }
        else
        {
            inner.Open();
            Enter(task);
            Postpone(item, [other]);
        }
    }

    /// <summary>Decides about two dependents while an inner stack with this partition key waits.</summary>
    private void DistributeTwoBelow(long waiting, int item, int task, int other, bool fromSingles)
    {
        if (keys[task] >= waiting)
        {
            PostponeTwo(item, task, other);
            return;
        }
        bool both = keys[other] < waiting;
        if (both)
        {
            Enter(other);
        }
        Enter(task);
        if (state.NumNeeded[other] != 0)
        {
            if (!both)
            {
                Postpone(item, [other]);
            }
        }
        else if (fromSingles)
        {
            state.LaterSingles.Add(other);
        }
        else
        {
            state.AddSingle(other, item);
        }
    }

    private void DistributeMany(int item, Span<int> tasks, bool mayDescend)
    {
        StableSort.Sort(tasks, byPartition);
        int done = 0;
        if (!inner.IsEmpty)
        {
            long waiting = keys[inner.Bottom];
            while (done < tasks.Length && keys[tasks[done]] < waiting)
            {
                done++;
            }
            // A change of goal: all that is better than the inner stack goes above it, the best uppermost.
            for (int end = done; end > 0;)
            {
                int start = end - 1;
                while (start > 0 && keys[tasks[start - 1]] == keys[tasks[start]])
                {
                    start--;
                }
                PushEach(tasks[start..end]);
                end = start;
            }
        }
        else if (mayDescend)
        {
            done = GroupEnd(tasks, 0);
            EnterBest(item, tasks[..done]);
        }
        for (int start = done, end; start < tasks.Length; start = end)
        {
            end = GroupEnd(tasks, start);
            Postpone(item, tasks[start..end]);
        }
    }

    /// <summary>Makes the group with the smallest partition key, or one task of it, the new goal.</summary>
    private void EnterBest(int item, Span<int> group)
    {
        if (group.Length == 1)
        {
            Enter(group[0]);
            return;
        }
        // Dask's rule of thumb: go for all of them if they are much less work than what they are part of.
        if (state.Metrics.Exceeds(item, 10, group[0], (Int128)11 * group.Length * group.Length))
        {
            PushEach(group);
            return;
        }
        int best = group[^1];
        Span<int> rest = group[..^1];
        if (group.Length < ManyDependents)
        {
            best = group[0];
            foreach (int task in group)
            {
                best = state.Keys.Dependents.Compare(task, best) < 0 ? task : best;
            }
            rest = group;
        }
        Enter(best);
        postponed.AddNext(keys[best], rest);
    }

    /// <summary>Begins an inner stack with a task, above the one on top unless that is empty.</summary>
    private void Enter(int task)
    {
        inner.PushEach([task]);
        state.Seen[task] = true;
    }

    private void MarkSeen(ReadOnlySpan<int> tasks)
    {
        foreach (int task in tasks)
        {
            state.Seen[task] = true;
        }
    }

    /// <summary>Puts off tasks of one partition key.</summary>
    private void Postpone(int item, ReadOnlySpan<int> tasks)
    {
        if (keys[tasks[0]] < keys[item])
        {
            postponed.AddNext(keys[tasks[0]], tasks);
        }
        else
        {
            postponed.AddLater(keys[tasks[0]], tasks);
        }
    }

    private void PostponeTwo(int item, int task, int other)
    {
        Postpone(item, [task]);
        Postpone(item, [other]);
    }

    private int GroupEnd(ReadOnlySpan<int> tasks, int start)
    {
        int end = start + 1;
        while (end < tasks.Length && keys[tasks[end]] == keys[tasks[start]])
        {
            end++;
        }
        return end;
    }
}
