using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Locks with one owner each (rows X1, V19), which releases before 2024.7 use: Dask's <c>LockExtension</c>.</summary>
internal sealed class Locks(SchedulerState s)
{
    private readonly Dictionary<Key, Held> locks = new(KeyComparer.Instance);

    /// <summary>Number of locks that somebody has.</summary>
    internal int Count => locks.Count;

    /// <summary><c>lock_acquire</c>: True when it is the owner's, False when time is up.</summary>
    internal void Acquire(Request r)
    {
        if (!locks.TryGetValue(r.Name, out Held? held))
        {
            locks[r.Name] = new Held { Owner = r.Id };
            s.Answer(r.Number, Answers.Bool(true));
            return;
        }
        var candidate = new Candidate(r.Number, r.Id);
        held.Candidates.Join(candidate);
        s.Coordination.Waiting.Add(candidate, s.Coordination.Waiting.After(r.Timeout));
    }

    /// <summary><c>lock_release</c>: the lock goes to who has waited for the longest.</summary>
    internal void Release(Request r)
    {
        if (!locks.TryGetValue(r.Name, out Held? held) || held.Owner != r.Id)
        {
            s.Refuse(r.Number, PythonError.ValueError("This lock has not yet been acquired"));
            return;
        }
        s.Answer(r.Number);
        if (held.Candidates.First is { } next)
        {
            held.Owner = next.Id;
            s.Coordination.Waiting.Answer(next, Answers.Bool(true));
        }
        else
        {
            locks.Remove(r.Name);
        }
    }

    private sealed class Held
    {
        internal Key Owner { get; set; }

        internal WaitingLine<Candidate> Candidates { get; } = new();
    }

    private sealed class Candidate(long number, Key id) : WaitingRequest(number)
    {
        internal Key Id { get; } = id;
    }
}
