using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Lets a request wait for what its client sent on the stream before (rows CS15, V23, V24): the client marks the
/// stream with a number of its own choice, and names it in the request.
/// </summary>
internal sealed class StreamFlushes(SchedulerState s)
{
    // 2024 may wait for the same mark several times, and never says that it is done with it.
    private const int MarksKept = 10_000;
    private const double ClientCheck = 30;

    private readonly Dictionary<Key, WaitingLine<Waiter>> lines = new(KeyComparer.Instance);
    private readonly HashSet<Key> marks = new(KeyComparer.Instance);
    private readonly Queue<Key> oldest = new();

    /// <summary>Number of marks that came and that no request has used up.</summary>
    internal int Count => marks.Count;

    /// <summary><c>publish_flush_batched_send</c>: everything before this has been handled.</summary>
    internal void Received(Key uid)
    {
        if (lines.Remove(uid, out WaitingLine<Waiter>? line))
        {
            foreach (Waiter waiter in line.ToArray())
            {
                s.Coordination.Waiting.Remove(waiter);
                waiter.Then();
            }
            if (s.Options.Dialect.FlushesInsideRequests)
            {
                return;
            }
        }
        if (marks.Add(uid))
        {
            oldest.Enqueue(uid);
        }
        while (oldest.Count > MarksKept)
        {
            marks.Remove(oldest.Dequeue());
        }
    }

    /// <summary>Goes on once the mark has come; fails if the client is gone after 30 seconds.</summary>
    /// <param name="request">The request.</param>
    /// <param name="uid">The mark; none: nothing to wait for.</param>
    /// <param name="client">Who sends it; empty where the request does not say.</param>
    /// <param name="then">What to go on with.</param>
    internal void WaitFor(long request, Key uid, string client, Action then)
    {
        if (uid.IsNone || marks.Contains(uid))
        {
            if (s.Options.Dialect.FlushesInsideRequests)
            {
                marks.Remove(uid);
            }
            then();
            return;
        }
        if (!lines.TryGetValue(uid, out WaitingLine<Waiter>? line))
        {
            lines[uid] = line = new WaitingLine<Waiter>();
        }
        var waiter = new Waiter(this, request, uid, then);
        line.Join(waiter);
        s.Coordination.Waiting.Add(waiter, null);
        waiter.Deadline = CheckClient(waiter, client);
    }

    private Deadline CheckClient(Waiter waiter, string client) => s.Deadlines.Add(s.Now + ClientCheck, () =>
    {
        if (client.Length > 0 && !s.Clients.ContainsKey(client))
        {
            s.Coordination.Waiting.Refuse(waiter, PythonError.TimedOut);
            waiter.GiveUp();
        }
        else
        {
            waiter.Deadline = CheckClient(waiter, client);
        }
    });

    private void RemoveIfEmpty(Key uid)
    {
        if (lines.TryGetValue(uid, out WaitingLine<Waiter>? line) && line.Count == 0)
        {
            lines.Remove(uid);
        }
    }

    private sealed class Waiter(StreamFlushes owner, long number, Key uid, Action then) : WaitingRequest(number)
    {
        internal Action Then { get; } = then;

        internal override void GiveUp() => owner.RemoveIfEmpty(uid);
    }
}
