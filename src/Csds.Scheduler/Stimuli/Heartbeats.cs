using System.Collections.ObjectModel;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Heartbeats of workers (rows R7, S41).</summary>
public static class Heartbeats
{
    /// <summary>Dask's <c>heartbeat_interval</c>: seconds between the heartbeats of one of <paramref name="n"/> workers.</summary>
    public static double Interval(int n) => n switch
    {
        <= 10 => 0.5,
        < 50 => 1,
        < 200 => 2,
        // No more than 200 heartbeats a second in all.
        _ => (n / 200.0) + 1,
    };

    /// <summary>
    /// Dask's <c>heartbeat_worker</c>, from the request's map on; false if there is no such worker, which then has to
    /// close itself (row W50).
    /// </summary>
    public static bool HeartbeatWorker(this SchedulerState s, ref MessageReader reader, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        WorkerState? ws = null;
        string? address = null;
        MessageReader fields = reader.Peek();
        int entries = fields.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (fields.ReadUtf8().SequenceEqual("address"u8))
            {
                address = fields.Peek().ReadString();
                s.Workers.TryGet(fields.ReadToken(), out ws);
                break;
            }
            fields.Skip();
        }
        if (ws is null)
        {
            reader.Skip();
            s.CountStale("heartbeat");
            s.Outbox.Log(LogSeverity.Warning, $"Received heartbeat from unregistered worker '{address}'.");
            return false;
        }
        ReadFields(s, ws, ref reader);
        return true;
    }

    /// <summary>Takes in a worker's metrics.</summary>
    internal static void Measure(SchedulerState s, WorkerState ws, WorkerMetrics metrics)
    {
        ws.LastSeen = s.Now;
        ws.Metrics = metrics;
        foreach ((Key name, double value) in metrics.Digests)
        {
            s.AddWorkerMetric(name, value);
        }
        if (metrics.Bandwidth > 0)
        {
            double share = 1.0 / Math.Max(1, s.Workers.Count);
            s.Occupancy.Bandwidth = (s.Occupancy.Bandwidth * (1 - share)) + (metrics.Bandwidth * share);
        }
        // Sizes are updated at other times and may be inexact, so the difference may be negative for a while.
        long unmanaged = Math.Max(0, metrics.Memory - ws.NBytes + metrics.SpilledMemory);
        ws.UnmanagedMemory.Measure(s.Now, unmanaged, s.Options.RecentToOldTime);
    }

    private static void ReadFields(SchedulerState s, WorkerState ws, ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("metrics"u8))
            {
                Measure(s, ws, WorkerMetrics.Read(ref reader));
            }
            else if (name.SequenceEqual("executing"u8))
            {
                ReadExecuting(s, ws, ref reader);
            }
            else if (name.SequenceEqual("now"u8))
            {
                ws.TimeDelay = s.Now - reader.ReadDouble();
            }
            else if (name.SequenceEqual("resources"u8))
            {
                s.Workers.SetResources(ws, reader.TryReadNil() ? null : ResourceRestrictions.Read(ref reader));
            }
            else if (name.SequenceEqual("extensions"u8))
            {
                ReadExtensions(s, ws, ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadExtensions(SchedulerState s, WorkerState ws, ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("shuffle"u8))
            {
                s.Coordination.Shuffles.Heartbeat(ws, ref reader);
            }
            else if (name.SequenceEqual("spans"u8))
            {
                s.Spans.Heartbeat(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadExecuting(SchedulerState s, WorkerState ws, ref MessageReader reader)
    {
        if (reader.TryReadNil())
        {
            return;
        }
        int entries = reader.ReadMapHeader();
        if (entries == 0)
        {
            ws.Executing = ReadOnlyDictionary<Key, double>.Empty;
            return;
        }
        var executing = new Dictionary<Key, double>(entries, KeyComparer.Instance);
        for (int i = 0; i < entries; i++)
        {
            TaskState? ts = s.Tasks.Find(reader.ReadToken());
            double seconds = reader.ReadDouble();
            if (ts is not null)
            {
                executing[ts.Key] = seconds;
                ts.Prefix.AddExecTime(seconds);
                s.Occupancy.Refresh(ts.Prefix);
            }
        }
        ws.Executing = executing;
    }
}
