namespace Csds.Server;

/// <summary>Calls at the time of the next deadline. Only the time of the latest call of <see cref="SetTo"/> counts.</summary>
internal sealed class DeadlineTimer(TimeProvider clock, Action wake) : IDisposable
{
    // Timers of weeks are not worth the trouble: whoever is woken too early sets the timer again.
    private static readonly TimeSpan longest = TimeSpan.FromHours(1);

    private readonly ITimer timer = clock.CreateTimer(_ => wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    private double? setTo;
    private double fires;

    /// <summary>Sets the time, in seconds since 1970; null: never.</summary>
    internal void SetTo(double? due, double now)
    {
        // One that has fired, or is about to, has to be set again even to the same time.
        if (due == setTo && (due is null || now < fires))
        {
            return;
        }
        setTo = due;
        TimeSpan wait = Timeout.InfiniteTimeSpan;
        if (due is { } time)
        {
            double milliseconds = Math.Ceiling(Math.Clamp(time - now, 0, longest.TotalSeconds) * 1000);
            wait = TimeSpan.FromMilliseconds(Math.Max(1, milliseconds));
            fires = now + wait.TotalSeconds;
        }
        timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();
}
