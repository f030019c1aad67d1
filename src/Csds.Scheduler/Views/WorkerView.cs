using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What Python code sees of Dask's <c>WorkerState</c>.</summary>
public static class WorkerView
{
    /// <summary>Writes all workers as a map by address.</summary>
    public static void Write(ref MessageWriter w, SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        w.Map(s.Workers.Count);
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            w.Token(ws.AddressToken);
            Write(ref w, s, ws);
        }
    }

    private static void Write(ref MessageWriter w, SchedulerState s, WorkerState ws)
    {
        WorkerRegistration registration = ws.Registration;
        w.Map(27);
        w.FieldToken("address"u8, ws.AddressToken);
        w.FieldToken("name"u8, ws.Name.Token);
        w.Field("host"u8, ws.Host);
        w.Field("server_id"u8, registration.ServerId);
        w.Field("pid"u8, registration.Pid);
        w.Field("nanny"u8, registration.Nanny);
        w.Field("local_directory"u8, registration.LocalDirectory);
        w.Field("services"u8, registration.Services);
        w.Field("versions"u8, registration.Versions);
        w.Field("extra"u8, registration.Extra);
        w.Field("nthreads"u8, ws.NThreads);
        w.Field("memory_limit"u8, ws.MemoryLimit);
        w.Field("status"u8, ws.Status.ToText());
        w.Field("nbytes"u8, ws.NBytes);
        w.Field("occupancy"u8, s.Occupancy.Of(ws));
        w.Field("last_seen"u8, ws.LastSeen);
        w.Field("time_delay"u8, ws.TimeDelay);
        w.Field("bandwidth"u8, ws.Metrics.Bandwidth);
        w.FieldToken("metrics"u8, ws.Metrics.Token);
        WriteMemory(ref w, MemoryState.Of(ws));
        Attributes.Amounts(ref w, "resources"u8, ws.Resources);
        Attributes.Amounts(ref w, "used_resources"u8, ws.UsedResources);
        Attributes.Tasks(ref w, "has_what"u8, ws.HasWhat.ToArray());
        Attributes.Tasks(ref w, "actors"u8, ws.Actors.ToArray());
        WriteProcessing(ref w, s, ws);
        Attributes.Tasks(ref w, "long_running"u8, [.. ws.Processing.ToArray().Where(ts => ts.LongRunning)]);
        w.Text("executing"u8);
        w.Map(ws.Executing.Count);
        foreach ((Key key, double seconds) in ws.Executing)
        {
            w.Key(key);
            w.Float(seconds);
        }
    }

    private static void WriteProcessing(ref MessageWriter w, SchedulerState s, WorkerState ws)
    {
        w.Text("processing"u8);
        w.Map(ws.Processing.Count);
        foreach (TaskState ts in ws.Processing)
        {
            w.Key(ts.Key);
            w.Float(s.Occupancy.DurationOf(ts.Prefix));
        }
    }

    private static void WriteMemory(ref MessageWriter w, MemoryState memory)
    {
        w.Text("memory"u8);
        w.Map(4);
        w.Field("process"u8, memory.Process);
        w.Field("managed"u8, memory.Managed);
        w.Field("spilled"u8, memory.Spilled);
        w.Field("unmanaged_old"u8, memory.UnmanagedOld);
    }
}
