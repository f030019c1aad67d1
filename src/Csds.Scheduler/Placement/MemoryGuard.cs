using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Refuses tasks whose input cannot fit their worker's memory (row S15).</summary>
internal static class MemoryGuard
{
    /// <summary>The failure, with Dask's words; null if the task may go.</summary>
    internal static Failure? Refuse(SchedulerState s, TaskState ts, WorkerState ws)
    {
        if (ws.MemoryLimit == 0 || ts.Dependencies.IsEmpty || !s.Options.MemoryTerminate
            || !s.Options.Dialect.RefusesHugeInput)
        {
            return null;
        }
        long nbytes = 0;
        foreach (TaskState dts in ts.Dependencies)
        {
            nbytes += dts.NBytes;
        }
        if (nbytes <= ws.MemoryLimit)
        {
            return null;
        }
        string text = $"Task {ts.Key.Repr()} has {FormatBytes(nbytes)} worth of input dependencies, but worker {ws.Address} "
            + $"has memory_limit set to {FormatBytes(ws.MemoryLimit)}.";
        if (s.Options.Dialect.ExpressionGraphs ? ts.Dependents.IsEmpty : ts.Prefix.Name == "finalize")
        {
            text += " It seems like you called client.compute() on a huge collection. "
                + "Consider writing to distributed storage or slicing/reducing first.";
        }
        s.Outbox.Log(LogSeverity.Error, text);
        return new Failure(Opaque.FromBytes(PickleWriter.Exception("builtins", "MemoryError", text)), null, null, null);
    }

    /// <summary>Dask's <c>format_bytes</c>.</summary>
    internal static string FormatBytes(long n)
    {
        (string Prefix, double Factor)[] units =
            [("Pi", 1L << 50), ("Ti", 1L << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("ki", 1 << 10)];
        foreach ((string prefix, double factor) in units)
        {
            if (n >= factor * 0.9)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{n / factor:F2} {prefix}B");
            }
        }
        return string.Create(CultureInfo.InvariantCulture, $"{n} B");
    }
}
