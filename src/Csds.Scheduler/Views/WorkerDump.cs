using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Workers in a dump: Dask's <c>WorkerState._to_dict_no_nest</c>.</summary>
internal sealed class WorkerDump
{
    private readonly SchedulerState s;
    private readonly DumpFields<WorkerState> fields;

    internal WorkerDump(SchedulerState s, IReadOnlySet<string> exclude)
    {
        this.s = s;
        fields = new DumpFields<WorkerState>(exclude, [.. Registered(), .. Tasks(), .. Measured()]);
    }

    /// <summary>The fields of Dask's <c>MemoryState</c>, some of which have other names until 2023.</summary>
    internal static void WriteMemory(MemoryState memory, Dialect dialect, ref MessageWriter w)
    {
        w.Map(8);
        w.Field("managed"u8, dialect.PackedGraphs ? memory.ManagedTotal : memory.Managed);
        if (dialect.PackedGraphs)
        {
            w.Field("managed_in_memory"u8, memory.Managed);
            w.Field("managed_spilled"u8, memory.Spilled);
        }
        else
        {
            w.Field("managed_total"u8, memory.ManagedTotal);
            w.Field("spilled"u8, memory.Spilled);
        }
        w.Field("optimistic"u8, memory.Optimistic);
        w.Field("process"u8, memory.Process);
        w.Field("unmanaged"u8, memory.Unmanaged);
        w.Field("unmanaged_old"u8, memory.UnmanagedOld);
        w.Field("unmanaged_recent"u8, memory.UnmanagedRecent);
    }

    internal void Write(WorkerState ws, ref MessageWriter w) => fields.Write(ws, ref w);

    private static IEnumerable<(string Name, DumpField<WorkerState> Write)> Registered()
    {
        yield return ("address", (WorkerState ws, ref MessageWriter w) => w.Text(ws.Address));
        yield return ("name", (WorkerState ws, ref MessageWriter w) => DumpText.Value(ws.Name, ref w));
        yield return ("server_id", (WorkerState ws, ref MessageWriter w) => w.Text(ws.Registration.ServerId));
        yield return ("pid", (WorkerState ws, ref MessageWriter w) => w.Int(ws.Registration.Pid));
        yield return ("host", (WorkerState ws, ref MessageWriter w) => w.Text(ws.Host));
        yield return ("nanny", (WorkerState ws, ref MessageWriter w) => w.Text(ws.Registration.Nanny));
        yield return ("nthreads", (WorkerState ws, ref MessageWriter w) => w.Int(ws.NThreads));
        yield return ("memory_limit", (WorkerState ws, ref MessageWriter w) => w.Int(ws.MemoryLimit));
        yield return ("local_directory", (WorkerState ws, ref MessageWriter w) => w.Text(ws.Registration.LocalDirectory));
        yield return ("services", (WorkerState ws, ref MessageWriter w) => DumpText.Carried(ws.Registration.Services, ref w));
        yield return ("extra", (WorkerState ws, ref MessageWriter w) => DumpText.Carried(ws.Registration.Extra, ref w));
        yield return ("resources", (WorkerState ws, ref MessageWriter w) => DumpText.Numbers(ws.Resources, ref w));
        yield return ("status", (WorkerState ws, ref MessageWriter w) => w.Text($"<Status.{ws.Status.ToText()}: '{ws.Status.ToText()}'>"));
    }

    private IEnumerable<(string Name, DumpField<WorkerState> Write)> Tasks()
    {
        yield return ("processing", (WorkerState ws, ref MessageWriter w) => DumpText.Reprs(ws.Processing.ToArray(), false, ref w));
        yield return ("has_what", (WorkerState ws, ref MessageWriter w) => DumpText.Reprs(ws.HasWhat.ToArray(), false, ref w));
        yield return ("actors", (WorkerState ws, ref MessageWriter w) => DumpText.Reprs(ws.Actors.ToArray(), false, ref w));
        yield return ("long_running", (WorkerState ws, ref MessageWriter w) =>
            DumpText.Texts([.. ws.Processing.ToArray().Where(ts => ts.LongRunning).Select(ts => ts.ToString())], ref w));
        yield return ("needs_what", (WorkerState ws, ref MessageWriter w) => WriteNeedsWhat(ws, ref w));
        yield return ("executing", (WorkerState ws, ref MessageWriter w) => WriteExecuting(ws, ref w));
        yield return ("task_prefix_count", (WorkerState ws, ref MessageWriter w) => WritePrefixCounts(ws, ref w));
        yield return ("used_resources", (WorkerState ws, ref MessageWriter w) => DumpText.Numbers(ws.UsedResources, ref w));
    }

    private IEnumerable<(string Name, DumpField<WorkerState> Write)> Measured()
    {
        yield return ("occupancy", (WorkerState ws, ref MessageWriter w) => w.Float(s.Occupancy.Of(ws)));
        yield return ("nbytes", (WorkerState ws, ref MessageWriter w) => w.Int(ws.NBytes));
        yield return ("memory", (WorkerState ws, ref MessageWriter w) => WriteMemory(MemoryState.Of(ws), s.Options.Dialect, ref w));
        yield return ("bandwidth", (WorkerState ws, ref MessageWriter w) => w.Float(ws.Metrics.Bandwidth));
        yield return ("metrics", (WorkerState ws, ref MessageWriter w) => DumpText.Carried(new Opaque(ws.Metrics.Token), ref w));
        yield return ("last_seen", (WorkerState ws, ref MessageWriter w) => w.Float(ws.LastSeen));
        yield return ("time_delay", (WorkerState ws, ref MessageWriter w) => w.Float(ws.TimeDelay));
    }

    private static void WriteNeedsWhat(WorkerState ws, ref MessageWriter w)
    {
        w.Map(ws.NeedsWhat.Count);
        foreach ((TaskState ts, (int tasks, _)) in ws.NeedsWhat)
        {
            w.Text(ts.ToString());
            w.Int(tasks);
        }
    }

    private void WriteExecuting(WorkerState ws, ref MessageWriter w)
    {
        w.Map(ws.Executing.Count);
        foreach ((Key key, double seconds) in ws.Executing)
        {
            w.Text(s.Tasks.Find(key)?.ToString() ?? key.Repr());
            w.Float(seconds);
        }
    }

    private static void WritePrefixCounts(WorkerState ws, ref MessageWriter w)
    {
        w.Map(ws.PrefixCounts.Count);
        foreach ((TaskPrefix prefix, int count) in ws.PrefixCounts)
        {
            w.Text(prefix.Name);
            w.Int(count);
        }
    }
}
