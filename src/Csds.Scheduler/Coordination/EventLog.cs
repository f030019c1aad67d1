using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Events that the scheduler itself logs: Dask's <c>log_event</c> calls.</summary>
public static class EventLog
{
    /// <summary>Writes the entries of an event's map, the number of which was given before.</summary>
    public delegate void Fill(ref MessageWriter w);

    /// <summary>Logs an event with the given entries under each of the topics.</summary>
    public static void LogEvent(this SchedulerState s, ReadOnlySpan<string> topics, int entries, Fill fill)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(fill);
        Opaque message = Answers.Value((ref MessageWriter w) =>
        {
            w.Map(entries);
            fill(ref w);
        });
        foreach (string topic in topics)
        {
            s.Topics.Publish(s.Outbox, topic, s.Now, message);
        }
    }
}
