using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// All of the state in plain words, for people who look for a fault (rows R22, R45): what Dask's
/// <c>Scheduler._to_dict</c> adds to the identity. Not meant to be read by programs.
/// </summary>
public sealed class StateDump
{
    private readonly SchedulerState s;
    private readonly TaskDump tasks;
    private readonly GroupDump groups;
    private readonly WorkerDump workers;

    /// <summary>Prepares a dump.</summary>
    /// <param name="s">The state.</param>
    /// <param name="exclude">Names of attributes, at any level, that are left out.</param>
    public StateDump(SchedulerState s, IReadOnlySet<string> exclude)
    {
        ArgumentNullException.ThrowIfNull(s);
        this.s = s;
        tasks = new TaskDump(s.Options.Dialect, exclude);
        groups = new GroupDump(s.Options.Dialect, exclude);
        workers = new WorkerDump(s, exclude);
    }

    /// <summary>The attributes.</summary>
    public IEnumerable<(string Name, DumpField<SchedulerState> Write)> Fields()
    {
        yield return ("transition_log", (SchedulerState s, ref MessageWriter w) => WriteTransitions(s, ref w));
        yield return ("transition_counter", (SchedulerState s, ref MessageWriter w) => w.Int(s.TransitionCounter));
        yield return ("tasks", (SchedulerState s, ref MessageWriter w) => WriteTasks(ref w));
        yield return ("task_groups", (SchedulerState s, ref MessageWriter w) => WriteGroups(ref w));
        yield return ("workers", (SchedulerState s, ref MessageWriter w) => WriteWorkers(ref w));
        yield return ("clients", (SchedulerState s, ref MessageWriter w) => WriteClients(s, ref w));
        yield return ("memory", (SchedulerState s, ref MessageWriter w) =>
            WorkerDump.WriteMemory(MemoryState.Sum(s.Workers.Sorted), s.Options.Dialect, ref w));
        yield return ("events", (SchedulerState s, ref MessageWriter w) => WriteEvents(s, ref w));
        yield return ("extensions", (SchedulerState s, ref MessageWriter w) => WriteExtensions(s, ref w));
    }

    private static void WriteTransitions(SchedulerState s, ref MessageWriter w)
    {
        w.List(s.Story.Count);
        foreach (StoryEntry entry in s.Story.Entries)
        {
            w.List(6);
            DumpText.Value(entry.Key, ref w);
            w.Text(entry.Start.ToText());
            w.Text(entry.Finish.ToText());
            w.Map(entry.Recommendations.Count);
            foreach ((Key key, TaskStateName state) in entry.Recommendations)
            {
                DumpText.MapKey(key, ref w);
                w.Text(state.ToText());
            }
            w.Token(entry.StimulusId);
            w.Float(entry.Timestamp);
        }
    }

    private void WriteTasks(ref MessageWriter w)
    {
        w.Map(s.Tasks.Count);
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            DumpText.MapKey(ts.Key, ref w);
            tasks.Write(ts, ref w);
        }
    }

    private void WriteGroups(ref MessageWriter w)
    {
        w.Map(s.Tasks.Groups.Count);
        foreach (TaskGroup tg in s.Tasks.Groups)
        {
            w.Text(tg.Name);
            groups.Write(tg, ref w);
        }
    }

    private void WriteWorkers(ref MessageWriter w)
    {
        w.Map(s.Workers.Count);
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            w.Text(ws.Address);
            workers.Write(ws, ref w);
        }
    }

    private static void WriteClients(SchedulerState s, ref MessageWriter w)
    {
        w.Map(s.Clients.Count);
        foreach (ClientState cs in s.Clients.Values)
        {
            w.Text(cs.ClientKey);
            w.Map(3);
            w.Field("client_key"u8, cs.ClientKey);
            w.Field("last_seen"u8, cs.LastSeen);
            w.Text("wants_what"u8);
            DumpText.Reprs(cs.WantsWhat.ToArray(), unsetIsNone: false, ref w);
        }
    }

    private static void WriteEvents(SchedulerState s, ref MessageWriter w)
    {
        string[] topics = [.. s.Topics.Names];
        w.Map(topics.Length);
        foreach (string topic in topics)
        {
            w.Text(topic);
            IReadOnlyCollection<(double Timestamp, Opaque Message)> events = s.Topics.Events(topic);
            w.List(events.Count);
            foreach ((double timestamp, Opaque message) in events)
            {
                w.List(2);
                w.Float(timestamp);
                DumpText.Carried(message, ref w);
            }
        }
    }

    // Dask shows most of them as objects without content.
    private static void WriteExtensions(SchedulerState s, ref MessageWriter w)
    {
        w.Map(3);
        w.Text("stealing"u8);
        w.Map(1);
        w.Text("in_flight"u8);
        w.Map(s.Stealing.Requests.Count);
        foreach ((TaskState ts, StealRequest request) in s.Stealing.Requests)
        {
            w.Text(ts.ToString());
            w.Text(request.ToString());
        }
        w.Text("semaphores"u8);
        w.Map(s.Coordination.Semaphores.All.Count);
        foreach (Semaphore semaphore in s.Coordination.Semaphores.All)
        {
            DumpText.MapKey(semaphore.Name, ref w);
            w.Map(3);
            w.Field("max_leases"u8, semaphore.MaxLeases);
            w.Field("active_leases"u8, semaphore.ActiveLeases);
            w.Field("pending_leases"u8, semaphore.PendingLeases);
        }
        w.Text("memory_sampler"u8);
        w.Map(1);
        w.Field("samples"u8, s.Coordination.MemorySamplers.Count);
    }
}
