using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Learns how long tasks run (row S38).</summary>
internal static class Durations
{
    /// <summary>Counts the <c>startstops</c> of a finished task: a list of <c>{action, start, stop}</c>.</summary>
    internal static void Measure(SchedulerState s, TaskState ts, ReadOnlyMemory<byte> startStops)
    {
        if (startStops.IsEmpty)
        {
            return;
        }
        var reader = new MessageReader(startStops);
        int count = reader.ReadSequenceHeader();
        for (int i = 0; i < count; i++)
        {
            MeasureOne(s, ts, ref reader);
        }
        s.Occupancy.Refresh(ts.Prefix);
    }

    private static void MeasureOne(SchedulerState s, TaskState ts, ref MessageReader reader)
    {
        string action = "";
        double start = 0, stop = 0;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("action"u8))
            {
                action = s.TypeNames.Intern(reader.ReadUtf8());
            }
            else if (name.SequenceEqual("start"u8))
            {
                start = reader.ReadDouble();
            }
            else if (name.SequenceEqual("stop"u8))
            {
                stop = reader.ReadDouble();
            }
            else
            {
                reader.Skip();
            }
        }
        ts.Group.AddMeasured(action, start, stop);
    }
}
