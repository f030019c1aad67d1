using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Writes a dump somewhere; answers what went wrong, or null.</summary>
public delegate Task<Failure?> DumpWriter(Opaque arguments, Opaque state);

/// <summary>
/// The state of scheduler and workers in plain words, to look for faults in (rows R22, R45, R46): <c>dump_state</c>,
/// <c>get_cluster_state</c> and <c>dump_cluster_state_to_url</c>.
/// </summary>
public sealed class ClusterStates(
    Reactor reactor, Broadcast broadcast, ServerSettings settings, Opaque versions, DumpWriter? write)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("dump_state", DumpStateAsync);
        table.Add("get_cluster_state", GetClusterStateAsync);
        table.Add("dump_cluster_state_to_url", DumpToUrlAsync);
    }

    private async Task DumpStateAsync(RpcCall call)
    {
        IReadOnlySet<string> exclude = Excluded(new Arguments(call));
        Opaque state = await SchedulerStateAsync(exclude).ConfigureAwait(false);
        Write(call, state);
    }

    private async Task GetClusterStateAsync(RpcCall call) =>
        Write(call, await ClusterStateAsync(Excluded(new Arguments(call))).ConfigureAwait(false));

    private async Task DumpToUrlAsync(RpcCall call)
    {
        if (write is null)
        {
            throw DaskException.From(new NotSupportedException("there is no Python to write the dump with"));
        }
        Opaque state = await ClusterStateAsync(Excluded(new Arguments(call))).ConfigureAwait(false);
        if (await write(WriteArguments(call), state).ConfigureAwait(false) is { } failure)
        {
            WriteFailure(call.Reply, failure);
        }
    }

    private static HashSet<string> Excluded(Arguments arguments) => [.. arguments.Texts("exclude") ?? []];

    private Task<Opaque> SchedulerStateAsync(IReadOnlySet<string> exclude) => reactor.AskAsync((s, _) =>
    {
        var fields = new DumpFields<SchedulerState>(exclude, [.. Server(s), .. new StateDump(s, exclude).Fields()]);
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        fields.Write(s, ref w);
        w.End();
        return batch.ToOpaque();
    });

    private async Task<Opaque> ClusterStateAsync(IReadOnlySet<string> exclude)
    {
        (string, string)[] workers = await broadcast.TargetsAsync(null, null, nanny: false).ConfigureAwait(false);
        // Workers are asked first: they work while the scheduler writes its own state.
        Task<IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)>> states =
            broadcast.SendAsync(workers, Ask("dump_state"u8, exclude));
        Task<IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)>> versionsOfWorkers =
            broadcast.SendAsync(workers, Ask("versions"u8, null));
        Opaque scheduler = await SchedulerStateAsync(exclude).ConfigureAwait(false);
        return Compose(scheduler, await states.ConfigureAwait(false), await versionsOfWorkers.ConfigureAwait(false));
    }

    private Opaque Compose(
        Opaque scheduler, IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)> states,
        IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)> versionsOfWorkers)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(3);
        w.Field("scheduler"u8, scheduler);
        w.Text("workers"u8);
        w.Map(states.Count);
        foreach ((string worker, Opaque? state, IOException? error) in states)
        {
            w.Text(worker);
            if (error is null)
            {
                w.Value(state);
            }
            else
            {
                w.Text(DaskException.OfComm(error).Repr());
            }
        }
        w.Text("versions"u8);
        w.Map(2);
        w.Field("scheduler"u8, versions);
        w.Text("workers"u8);
        (string Worker, Opaque? Reply, IOException? Error)[] known = [.. versionsOfWorkers.Where(v => v.Error is null)];
        w.Map(known.Length);
        foreach ((string worker, Opaque? reply, _) in known)
        {
            w.Text(worker);
            w.Value(reply);
        }
        w.End();
        return batch.ToOpaque();
    }

    // What Dask's Server._to_dict writes of itself.
    private IEnumerable<(string Name, DumpField<SchedulerState> Write)> Server(SchedulerState s)
    {
        yield return ("type", (SchedulerState s, ref MessageWriter w) => w.Text("Scheduler"u8));
        yield return ("id", (SchedulerState s, ref MessageWriter w) => w.Text(settings.Id));
        yield return ("address", (SchedulerState s, ref MessageWriter w) => w.Text(settings.Address));
        yield return ("services", (SchedulerState s, ref MessageWriter w) => WriteServices(ref w));
        yield return ("started", (SchedulerState s, ref MessageWriter w) => w.Float(settings.Started));
        yield return ("status", (SchedulerState s, ref MessageWriter w) => w.Text("running"u8));
        yield return ("thread_id", (SchedulerState s, ref MessageWriter w) => w.Int(Environment.CurrentManagedThreadId));
        if (s.Options.Dialect.AdjustsHeartbeats)
        {
            yield return ("n_workers", (SchedulerState s, ref MessageWriter w) => w.Int(s.Workers.Count));
            yield return ("total_threads", (SchedulerState s, ref MessageWriter w) => w.Int(s.Workers.TotalNThreads));
            yield return ("total_memory", (SchedulerState s, ref MessageWriter w) => w.Int(s.Workers.TotalMemory));
        }
    }

    private void WriteServices(ref MessageWriter w)
    {
        w.Map(settings.Services.Count);
        foreach ((string name, int port) in settings.Services)
        {
            w.Text(name);
            w.Int(port);
        }
    }

    private static Opaque Ask(ReadOnlySpan<byte> op, IReadOnlySet<string>? exclude)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(exclude is null ? 1 : 2);
        w.Field("op"u8, op);
        if (exclude is not null)
        {
            w.Text("exclude"u8);
            w.List(exclude.Count);
            foreach (string name in exclude)
            {
                w.Text(name);
            }
        }
        w.End();
        return batch.ToOpaque();
    }

    // Everything but what is ours: url, format, and options for fsspec.
    private static Opaque WriteArguments(RpcCall call)
    {
        var fields = new List<(string Name, Opaque Value)>();
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = reader.ReadString();
            Opaque value = reader.ReadOpaque();
            if (name is not ("op" or "reply" or "close" or "serializers" or "exclude"))
            {
                fields.Add((name, value));
            }
        }
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(fields.Count);
        foreach ((string name, Opaque value) in fields)
        {
            w.Text(name);
            w.Value(value);
        }
        w.End();
        return batch.ToOpaque();
    }

    private static void Write(RpcCall call, Opaque value)
    {
        MessageWriter w = call.Reply.Single();
        w.Value(value);
        w.End();
    }

    private static void WriteFailure(MessageBatch reply, Failure failure)
    {
        MessageWriter w = reply.Single();
        w.Map(6);
        w.Field("status"u8, "uncaught-error"u8);
        w.Field("exception"u8, failure.Exception);
        w.Field("traceback"u8, failure.Traceback);
        w.Field("text"u8, failure.ExceptionText);
        w.Field("exception_text"u8, failure.ExceptionText);
        w.Field("traceback_text"u8, failure.TracebackText);
        w.End();
    }
}
