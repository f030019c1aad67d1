using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One semaphore, or one lock of Dask 2024.7 and later (rows X2, V19).</summary>
public sealed class Semaphore
{
    // Time stands still while an event is handled; Dask, whose clock goes on, never measures nothing at all.
    private const double ShortestWait = 1e-6;

    private readonly Dictionary<Key, double> leases = new(KeyComparer.Instance);

    internal Semaphore(Key name, long maxLeases, double? leaseTimeout)
    {
        Name = name;
        MaxLeases = maxLeases;
        LeaseTimeout = leaseTimeout;
    }

    /// <summary>Its name.</summary>
    public Key Name { get; }

    /// <summary>How many may have a lease at the same time.</summary>
    public long MaxLeases { get; }

    /// <summary>Seconds without a refresh after which a lease is taken back; null: never.</summary>
    public double? LeaseTimeout { get; }

    /// <summary>How many have a lease.</summary>
    public int ActiveLeases => leases.Count;

    /// <summary>How many wait for one.</summary>
    public int PendingLeases => Candidates.Count;

    /// <summary>How many leases were given.</summary>
    public long AcquireTotal { get; private set; }

    /// <summary>How many came back, or were taken back.</summary>
    public long ReleaseTotal { get; private set; }

    /// <summary>Seconds that it takes to get a lease: half the last wait plus half of what this was before.</summary>
    public double AveragePendingLeaseTime { get; private set; }

    internal WaitingLine<Candidate> Candidates { get; } = new();

    internal IEnumerable<Key> Leases => leases.Keys;

    /// <summary>Whether leases have to be looked at now and then.</summary>
    internal bool Expires => LeaseTimeout > 0 && leases.Count > 0;

    internal bool Has(Key lease) => leases.ContainsKey(lease);

    /// <summary>Gives a lease if there is one. Who asks again for what he has gets the same answer again.</summary>
    internal bool TryLease(Key lease, double now)
    {
        if (leases.Count >= MaxLeases && !leases.ContainsKey(lease))
        {
            return false;
        }
        leases[lease] = now;
        AcquireTotal++;
        return true;
    }

    /// <summary>A lease is in use, known or not: one that was taken back too early counts again.</summary>
    internal void Refresh(Key lease, double now) => leases[lease] = now;

    internal bool Release(Key lease)
    {
        bool known = leases.Remove(lease);
        ReleaseTotal += known ? 1 : 0;
        return known;
    }

    internal Key[] Expired(double now) =>
        Expires ? [.. leases.Where(l => now - l.Value > LeaseTimeout).Select(l => l.Key)] : [];

    /// <summary>Somebody waited so long for an answer.</summary>
    internal void Waited(double seconds) =>
        AveragePendingLeaseTime = (AveragePendingLeaseTime + Math.Max(seconds, ShortestWait)) / 2;

    /// <summary>Who waits for a lease.</summary>
    internal sealed class Candidate(SchedulerState s, long number, Semaphore semaphore, Key lease) : WaitingRequest(number)
    {
        private readonly double since = s.Now;

        internal Key Lease { get; } = lease;

        internal override void GiveUp() => Answered();

        internal void Answered() => semaphore.Waited(s.Now - since);
    }
}
