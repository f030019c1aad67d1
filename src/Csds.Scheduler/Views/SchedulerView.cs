using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What Python code sees of Dask's <c>Scheduler</c>, and of its clients.</summary>
public static class SchedulerView
{
    /// <summary>Writes the scheduler's own attributes as a map.</summary>
    public static void Write(ref MessageWriter w, SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        w.Map(16);
        w.Field("n_tasks"u8, s.Tasks.Count);
        w.Field("n_tasks_started"u8, s.TasksStarted);
        w.Field("total_nthreads"u8, s.Workers.TotalNThreads);
        w.Field("total_occupancy"u8, s.Occupancy.Total);
        w.Field("transition_counter"u8, s.TransitionCounter);
        w.Field("generation"u8, s.Generation);
        w.Field("allowed_failures"u8, s.Options.AllowedFailures);
        w.Field("validate"u8, s.Options.Validate);
        w.Field("bandwidth"u8, s.Occupancy.Bandwidth);
        Attributes.Number(ref w, "idle_since"u8, s.IdleSince);
        Attributes.Number(ref w, "idle_timeout"u8, s.Options.IdleTimeout);
        Attributes.Workers(ref w, "idle"u8, s.Workers.Idle.ToArray());
        Attributes.Workers(ref w, "saturated"u8, s.Workers.Saturated.ToArray());
        Attributes.Workers(ref w, "running"u8, s.Workers.Running.ToArray());
        Attributes.Tasks(ref w, "queued"u8, [.. s.Queued.Sorted()]);
        Attributes.Tasks(ref w, "unrunnable"u8, s.Unrunnable.ToArray());
    }

    /// <summary>Writes the computations as a list of maps.</summary>
    public static void WriteComputations(ref MessageWriter w, SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        w.List(s.Computations.All.Count);
        foreach (Computation computation in s.Computations.All)
        {
            w.Map(6);
            w.Field("id"u8, computation.Id);
            w.Field("start"u8, computation.Start);
            w.Field("stop"u8, computation.Stop);
            w.Text("code"u8);
            w.List(computation.Code.Count);
            foreach (Opaque code in computation.Code)
            {
                w.Value(code);
            }
            w.Text("groups"u8);
            w.List(computation.Groups.Count);
            foreach (TaskGroup group in computation.Groups)
            {
                w.Text(group.Name);
            }
            w.Text("states"u8);
            TaskStateName[] states = Enum.GetValues<TaskStateName>();
            w.Map(states.Length);
            foreach (TaskStateName state in states)
            {
                w.Text(state.ToText());
                w.Int(computation.Groups.Sum(group => group.CountOf(state)));
            }
        }
    }

    /// <summary>Writes all clients as a map by id.</summary>
    public static void WriteClients(ref MessageWriter w, SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        w.Map(s.Clients.Count);
        foreach (ClientState cs in s.Clients.Values)
        {
            w.Text(cs.ClientKey);
            w.Map(4);
            w.Field("client_key"u8, cs.ClientKey);
            w.Field("last_seen"u8, cs.LastSeen);
            w.Field("versions"u8, cs.Versions);
            Attributes.Tasks(ref w, "wants_what"u8, cs.WantsWhat.ToArray());
        }
    }
}
