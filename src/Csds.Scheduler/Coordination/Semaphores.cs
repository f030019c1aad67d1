using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>Semaphores by name, and locks of Dask 2024.7 and later (rows X2, V19, V20): Dask's <c>SemaphoreExtension</c>.</summary>
public sealed class Semaphores
{
    private readonly SchedulerState s;
    private readonly Dictionary<Key, Semaphore> semaphores = new(KeyComparer.Instance);
    private Deadline? validation;

    internal Semaphores(SchedulerState s) => this.s = s;

    /// <summary>The semaphores.</summary>
    public IReadOnlyCollection<Semaphore> All => semaphores.Values;

    /// <summary><c>semaphore_register</c>. Whoever comes first says how many leases there are.</summary>
    internal void Register(Request r)
    {
        var reader = new MessageReader(r.MaxLeases.Token.ToArray());
        if (reader.NextType != MessagePackType.Integer)
        {
            s.Refuse(r.Number, PythonError.AssertionError(r.MaxLeases.ToString()));
            return;
        }
        long maxLeases = reader.ReadInt64();
        if (!semaphores.TryGetValue(r.Name, out Semaphore? semaphore))
        {
            double? leaseTimeout = r.HasLeaseTimeout ? r.LeaseTimeout : s.Options.LeaseTimeout;
            semaphores[r.Name] = new Semaphore(r.Name, maxLeases, leaseTimeout);
        }
        else if (semaphore.MaxLeases != maxLeases)
        {
            s.Refuse(r.Number, PythonError.ValueError(
                $"Inconsistent max leases: {maxLeases}, expected: {semaphore.MaxLeases}"));
            return;
        }
        s.Answer(r.Number);
    }

    /// <summary><c>semaphore_acquire</c>: True with a lease, False when time is up.</summary>
    internal void Acquire(Request r)
    {
        if (!semaphores.TryGetValue(r.Name, out Semaphore? semaphore))
        {
            s.Refuse(r.Number, Unknown(r.Name));
            return;
        }
        if (semaphore.TryLease(r.Id, s.Now))
        {
            semaphore.Waited(0);
            Watch(semaphore);
            s.Answer(r.Number, Answers.Bool(true));
            return;
        }
        var candidate = new Semaphore.Candidate(s, r.Number, semaphore, r.Id);
        semaphore.Candidates.Join(candidate);
        s.Coordination.Waiting.Add(candidate, s.Coordination.Waiting.After(r.Timeout));
    }

    /// <summary><c>semaphore_release</c>. What is not held is only logged.</summary>
    internal void Release(Request r)
    {
        if (!semaphores.TryGetValue(r.Name, out Semaphore? semaphore))
        {
            s.Outbox.Log(LogSeverity.Warning, s.Options.Dialect.LocksAreSemaphores
                ? $"Tried to release Lock or Semaphore `{r.Name}` but it is not known."
                : $"Tried to release semaphore `{r.Name}` but it is not known or already closed.", LoggerNames.Semaphore);
        }
        else if (semaphore.Release(r.Id))
        {
            Distribute(semaphore);
        }
        else
        {
            string kind = s.Options.Dialect.LocksAreSemaphores ? "Lock or Semaphore" : "semaphore";
            s.Outbox.Log(
                LogSeverity.Warning,
                $"Tried to release {kind} but it was already released: name={r.Name.Repr()}, lease_id={r.Id.Repr()}. "
                + $"This can happen if the {kind} timed out before.", LoggerNames.Semaphore);
        }
        s.Answer(r.Number);
    }

    /// <summary><c>semaphore_refresh_leases</c>.</summary>
    internal void RefreshLeases(Request r)
    {
        Semaphore? semaphore = semaphores.GetValueOrDefault(r.Name);
        foreach (Key lease in r.LeaseIds)
        {
            if (semaphore is null || !semaphore.Has(lease))
            {
                s.Outbox.Log(
                    LogSeverity.Error,
                    $"Refreshing an unknown lease ID {lease} for {r.Name}. This might be due to leases timing out and may "
                    + "cause overbooking of the semaphore! This is often caused by long-running GIL-holding in the task "
                    + "which acquired the lease.", LoggerNames.Semaphore);
            }
            semaphore?.Refresh(lease, s.Now);
        }
        if (semaphore is not null)
        {
            Watch(semaphore);
        }
        s.Answer(r.Number);
    }

    /// <summary><c>semaphore_value</c>: the number of leases.</summary>
    internal void Value(Request r) => s.Answer(r.Number, Answers.Int(semaphores.GetValueOrDefault(r.Name)?.ActiveLeases ?? 0));

    /// <summary>
    /// <c>semaphore_close</c>: nobody gets a lease any more. As in Dask, whoever waits is not told, and waits on until
    /// time is up.
    /// </summary>
    internal void Close(Request r)
    {
        if (semaphores.Remove(r.Name, out Semaphore? semaphore))
        {
            if (semaphore.ActiveLeases > 0)
            {
                string left = string.Join(", ", semaphore.Leases.Select(l => l.Repr()).Order(StringComparer.Ordinal));
                s.Outbox.Log(
                    LogSeverity.Warning, $"Closing semaphore {r.Name} but there remain unreleased leases [{left}]", LoggerNames.Semaphore);
            }
            if (semaphore.PendingLeases > 0)
            {
                s.Outbox.Log(LogSeverity.Warning, $"Closing semaphore {r.Name} but there remain pending leases", LoggerNames.Semaphore);
            }
        }
        s.Answer(r.Number);
    }

    // Leases that came back go to who has waited for the longest.
    private void Distribute(Semaphore semaphore)
    {
        while (semaphore.Candidates.First is { } candidate && semaphore.TryLease(candidate.Lease, s.Now))
        {
            candidate.Answered();
            s.Coordination.Waiting.Answer(candidate, Answers.Bool(true));
        }
    }

    // Dask's _check_lease_timeout: every lease-validation-interval, while there is a lease that may expire.
    private void Watch(Semaphore semaphore)
    {
        if (semaphore.Expires)
        {
            validation ??= s.Deadlines.Add(s.Now + s.Options.LeaseValidationInterval, Validate);
        }
    }

    private void Validate()
    {
        validation = null;
        foreach (Semaphore semaphore in semaphores.Values)
        {
            TakeBackExpired(semaphore);
            Watch(semaphore);
        }
    }

    private void TakeBackExpired(Semaphore semaphore)
    {
        foreach (Key lease in semaphore.Expired(s.Now))
        {
            s.Outbox.Log(LogSeverity.Debug, $"Lease {lease} for {semaphore.Name} timed out.", LoggerNames.Semaphore);
            semaphore.Release(lease);
            Distribute(semaphore);
        }
    }

    private PythonError Unknown(Key name) => PythonError.RuntimeError(s.Options.Dialect.LocksAreSemaphores
        ? $"Semaphore or Lock `{name}` not known."
        : $"Semaphore `{name}` not known or already closed.");
}
