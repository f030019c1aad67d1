using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Locks that are acquired several at a time, or some out of several (row X3): Dask's <c>MultiLockExtension</c>. Each
/// lock has a line of users; who stands first in as many lines as he needs has acquired.
/// </summary>
internal sealed class MultiLocks(SchedulerState s)
{
    private readonly Dictionary<Key, List<User>> lines = new(KeyComparer.Instance);
    private readonly Dictionary<Key, User> users = new(KeyComparer.Instance);

    /// <summary>Number of locks that somebody has or waits for.</summary>
    internal int Count => lines.Count;

    /// <summary><c>multi_lock_acquire</c>: True with enough of the locks, False when time is up.</summary>
    internal void Acquire(Request r)
    {
        Key[] names = [.. r.Locks.Distinct()];
        if (users.ContainsKey(r.Id) || r.NumLocks <= 0 || names.Length < r.NumLocks)
        {
            s.Refuse(r.Number, PythonError.AssertionError(""));
            return;
        }
        var user = new User { Id = r.Id, Missing = r.NumLocks };
        users.Add(r.Id, user);
        if (TryAcquire(user, names))
        {
            s.Answer(r.Number, Answers.Bool(true));
            return;
        }
        user.Waiting = new Candidate(this, r.Number, user);
        s.Coordination.Waiting.Add(user.Waiting, s.Coordination.Waiting.After(r.Timeout));
    }

    /// <summary><c>multi_lock_release</c>: of everything that this user has.</summary>
    internal void Release(Request r)
    {
        if (!users.TryGetValue(r.Id, out User? user))
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Id));
            return;
        }
        Leave(user);
        s.Answer(r.Number);
    }

    // The shortest lines first; no more of them than are needed, if these are free.
    private bool TryAcquire(User user, Key[] names)
    {
        foreach (Key name in names.OrderBy(n => lines.GetValueOrDefault(n)?.Count ?? 0))
        {
            user.Locks.Add(name);
            if (lines.TryGetValue(name, out List<User>? line))
            {
                line.Add(user);
                continue;
            }
            lines.Add(name, [user]);
            if (--user.Missing == 0)
            {
                return true;
            }
        }
        return false;
    }

    // Dask's _refain_locks.
    private void Leave(User user)
    {
        users.Remove(user.Id);
        if (user.Waiting is { } waiting)
        {
            s.Coordination.Waiting.Answer(waiting, Answers.Bool(false));
        }
        var ready = new List<User>();
        foreach (Key name in user.Locks)
        {
            List<User> line = lines[name];
            bool first = line[0] == user;
            line.Remove(user);
            if (line.Count == 0)
            {
                lines.Remove(name);
            }
            else if (first && line[0] is { Waiting: not null } next && --next.Missing == 0)
            {
                ready.Add(next);
            }
        }
        foreach (User next in ready)
        {
            s.Coordination.Waiting.Answer(next.Waiting!, Answers.Bool(true));
            next.Waiting = null;
        }
    }

    private sealed class User
    {
        internal required Key Id { get; init; }

        /// <summary>How many locks it still needs.</summary>
        internal required int Missing { get; set; }

        /// <summary>The locks in whose lines it stands.</summary>
        internal List<Key> Locks { get; } = [];

        internal Candidate? Waiting { get; set; }
    }

    private sealed class Candidate(MultiLocks owner, long number, User user) : WaitingRequest(number)
    {
        internal override void GiveUp()
        {
            user.Waiting = null;
            owner.Leave(user);
        }
    }
}
