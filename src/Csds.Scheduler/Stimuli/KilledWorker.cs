using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// The exception <c>KilledWorker(task, last_worker, allowed_failures)</c>, pickled by hand (rows S29, W21). It carries a
/// <c>WorkerState</c>, of which only attributes are set that every supported release has.
/// </summary>
internal static class KilledWorker
{
    internal static Failure Failure(SchedulerState s, TaskState ts, WorkerState ws)
    {
        PickleWriter w = new PickleWriter().Global("distributed.scheduler", "KilledWorker").Mark().Value(ts.Key);
        Worker(w, s, ws);
        byte[] pickle = w.Int(s.Options.AllowedFailures).Tuple().Reduce().ToArray();
        return new Failure(Opaque.FromBytes(pickle), null, null, null);
    }

    private static void Worker(PickleWriter w, SchedulerState s, WorkerState ws)
    {
        WorkerRegistration registration = ws.Registration;
        w.Global("distributed.scheduler", "WorkerState").Mark().Tuple().NewObject();
        // The state of an object with slots: (None, {slot: value}).
        w.Mark().None().Mark();
        w.Str("address").Str(ws.Address);
        w.Str("name").Value(ws.Name);
        w.Str("pid").Int(registration.Pid);
        w.Str("nthreads").Int(ws.NThreads);
        w.Str("memory_limit").Int(ws.MemoryLimit);
        w.Str("local_directory").Str(registration.LocalDirectory);
        w.Str("server_id").Str(registration.ServerId);
        w.Str("nanny").StrOrNone(registration.Nanny);
        w.Str("status").Global("distributed.core", "Status").Mark().Str(ws.Status.ToText()).Tuple().Reduce();
        w.Str("_hash").Int(ws.Insertion);
        w.Str("nbytes").Int(0);
        w.Str("last_seen").Float(ws.LastSeen);
        w.Str("time_delay").Float(ws.TimeDelay);
        w.Str("bandwidth").Float(s.Occupancy.Bandwidth);
        w.Str("_memory_unmanaged_old").Int(0);
        w.Str("_network_occ").Int(0);
        w.Str("_occupancy_cache").Float(s.Occupancy.Of(ws));
        foreach (string dict in (string[])["services", "versions", "metrics", "_has_what", "executing", "resources",
            "used_resources", "extra", "needs_what", "task_prefix_count"])
        {
            w.Str(dict).Mark().Dict();
        }
        foreach (string set in (string[])["actors", "processing", "long_running"])
        {
            w.Str(set).EmptySet();
        }
        w.Dict().Tuple().Build();
    }
}
