using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Requests about keys that nobody has submitted yet: a future may come as a request before its graph has come on the
/// client's stream (rows X5, X6).
/// </summary>
internal sealed class AwaitedKeys(SchedulerState s)
{
    private readonly Dictionary<Key, WaitingLine<Waiter>> lines = new(KeyComparer.Instance);

    /// <summary>Number of keys that are waited for.</summary>
    internal int Count => lines.Count;

    /// <summary>Goes on once there is a task with this key; at once for 2022, where whoever wants a key may create it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="key">The key; none: nothing to wait for.</param>
    /// <param name="deadline">Seconds since 1970 when the request fails; null: never.</param>
    /// <param name="then">What to go on with.</param>
    internal void WaitFor(long request, Key key, double? deadline, Action then)
    {
        if (key.IsNone || !s.Options.Dialect.TupleKeys || s.Tasks.Find(key) is not null)
        {
            then();
            return;
        }
        if (!lines.TryGetValue(key, out WaitingLine<Waiter>? line))
        {
            lines[key] = line = new WaitingLine<Waiter>();
            s.Tasks.Created = OnCreated;
        }
        var waiter = new Waiter(this, request, key, then);
        line.Join(waiter);
        s.Coordination.Waiting.Add(waiter, deadline);
    }

    // The task is only about to be made: what waits for it goes on after the event.
    private void OnCreated(TaskState ts)
    {
        if (lines.ContainsKey(ts.Key))
        {
            s.Deadlines.Add(s.Now, () => Resume(ts.Key));
        }
    }

    private void Resume(Key key)
    {
        if (s.Tasks.Find(key) is null || !lines.TryGetValue(key, out WaitingLine<Waiter>? line))
        {
            return;
        }
        foreach (Waiter waiter in line.ToArray())
        {
            s.Coordination.Waiting.Remove(waiter);
            RemoveIfEmpty(key);
            waiter.Then();
        }
    }

    private void RemoveIfEmpty(Key key)
    {
        if (lines.TryGetValue(key, out WaitingLine<Waiter>? line) && line.Count == 0)
        {
            lines.Remove(key);
            s.Tasks.Created = lines.Count > 0 ? OnCreated : null;
        }
    }

    private sealed class Waiter(AwaitedKeys owner, long number, Key key, Action then)
        : WaitingRequest(number, new PythonError("builtins", "TimeoutError", $"Task {key} unknown to scheduler."))
    {
        internal Action Then { get; } = then;

        internal override void GiveUp() => owner.RemoveIfEmpty(key);
    }
}
