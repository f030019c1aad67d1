using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>Questions about the state that need nothing but the state (rows R17, R18, R25, R43, R49 to R51).</summary>
public sealed class Queries(Reactor reactor)
{
    // What get_task_prefix_states counts: tasks in other states do not show.
    private static readonly TaskStateName[] prefixStates =
    [
        TaskStateName.Memory, TaskStateName.Erred, TaskStateName.Released, TaskStateName.Processing, TaskStateName.Waiting,
    ];

    private delegate void Answer(SchedulerState s, Arguments arguments, ref MessageWriter w);

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Add(table, "ncores", (SchedulerState s, Arguments a, ref MessageWriter w) => NCores(s, a, ref w, running: false));
        Add(table, "ncores_running", (SchedulerState s, Arguments a, ref MessageWriter w) => NCores(s, a, ref w, running: true));
        Add(table, "who_has", WhoHas);
        Add(table, "has_what", (SchedulerState s, Arguments a, ref MessageWriter w) => ByWorker(s, a, ref w, ws => ws.HasWhat.ToArray(), _ => []));
        Add(table, "processing", (SchedulerState s, Arguments a, ref MessageWriter w) =>
            ByWorker(s, a, ref w, ws => ws.Processing.ToArray(), address => throw DaskException.KeyError(address)));
        Add(table, "nbytes", NBytes);
        Add(table, "get_task_status", TaskStatus);
        Add(table, "get_task_prefix_states", PrefixStates);
        Add(table, "get_story", Story);
        Add(table, "check_idle", CheckIdle);
        Add(table, "get_error_cause", ErrorCause);
        Add(table, "get_runspec", GetRunSpec);
    }

    private void Add(RpcTable table, string op, Answer answer) => table.Add(op, call =>
    {
        var arguments = new Arguments(call);
        return reactor.TellAsync((s, _) =>
        {
            MessageWriter w = call.Reply.Single();
            answer(s, arguments, ref w);
            w.End();
        });
    });

    private static void NCores(SchedulerState s, Arguments a, ref MessageWriter w, bool running)
    {
        WorkerState[] workers = [.. Selected(s, a).Where(ws => !running || ws.Status == WorkerStatus.Running)];
        w.Map(workers.Length);
        foreach (WorkerState ws in workers)
        {
            w.Token(ws.AddressToken);
            w.Int(ws.NThreads);
        }
    }

    private static void WhoHas(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        if (a.Keys("keys") is { } keys)
        {
            w.Map(keys.Count);
            foreach (Key key in keys)
            {
                w.Key(key);
                WriteHolders(ref w, s.Tasks.Find(key));
            }
            return;
        }
        w.Map(s.Tasks.Count);
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            w.Key(ts.Key);
            WriteHolders(ref w, ts);
        }
    }

    private static void WriteHolders(ref MessageWriter w, TaskState? ts)
    {
        w.List(ts?.WhoHas.Count ?? 0);
        if (ts is not null)
        {
            foreach (WorkerState ws in ts.WhoHas)
            {
                w.Token(ws.AddressToken);
            }
        }
    }

    private static void ByWorker(
        SchedulerState s, Arguments a, ref MessageWriter w, Func<WorkerState, TaskState[]> tasksOf,
        Func<string, TaskState[]> otherwise)
    {
        if (a.Keys("workers") is { } names)
        {
            string[] addresses = [.. names.Select(name => AddressOf(s, name)).Distinct()];
            w.Map(addresses.Length);
            foreach (string address in addresses)
            {
                w.Text(address);
                WriteTasks(ref w, s.Workers.TryGet(address, out WorkerState? ws) ? tasksOf(ws) : otherwise(address));
            }
            return;
        }
        w.Map(s.Workers.Count);
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            w.Token(ws.AddressToken);
            WriteTasks(ref w, tasksOf(ws));
        }
    }

    private static void WriteTasks(ref MessageWriter w, TaskState[] tasks)
    {
        w.List(tasks.Length);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
        }
    }

    private static void NBytes(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        IEnumerable<TaskState> tasks = a.Keys("keys") is { } keys
            ? keys.Select(s.Tasks.Find).OfType<TaskState>()
            : s.Tasks.Tasks.Where(ts => ts.NBytes >= 0);
        if (a.Bool("summary", otherwise: true))
        {
            var sums = new Dictionary<string, long>();
            foreach (TaskState ts in tasks)
            {
                sums[ts.Prefix.Name] = sums.GetValueOrDefault(ts.Prefix.Name) + s.NBytesOf(ts);
            }
            w.Map(sums.Count);
            foreach ((string name, long nbytes) in sums)
            {
                w.Text(name);
                w.Int(nbytes);
            }
            return;
        }
        TaskState[] all = [.. tasks];
        w.Map(all.Length);
        foreach (TaskState ts in all)
        {
            w.Key(ts.Key);
            w.Int(s.NBytesOf(ts));
        }
    }

    private static void TaskStatus(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        IReadOnlyList<Key> keys = a.Keys("keys") ?? [];
        w.Map(keys.Count);
        foreach (Key key in keys)
        {
            w.Key(key);
            w.Text(s.Tasks.Find(key)?.State.ToText());
        }
    }

    private static void PrefixStates(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        TaskPrefix[] active = [.. s.Tasks.Prefixes.Where(prefix => prefixStates.Any(state => prefix.CountOf(state) > 0))];
        w.Map(active.Length);
        foreach (TaskPrefix prefix in active)
        {
            w.Text(prefix.Name);
            w.Map(prefixStates.Length);
            foreach (TaskStateName state in prefixStates)
            {
                w.Text(state.ToText());
                w.Int(prefix.CountOf(state));
            }
        }
    }

    private static void Story(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        IReadOnlyList<Key> wanted = a.Keys("keys_or_stimuli") ?? a.Keys("keys") ?? [];
        StoryEntry[] entries = [.. s.Story.Of(wanted, wanted)];
        w.List(entries.Length);
        foreach (StoryEntry entry in entries)
        {
            w.List(6);
            w.Key(entry.Key);
            w.Text(entry.Start.ToText());
            w.Text(entry.Finish.ToText());
            w.Map(entry.Recommendations.Count);
            foreach ((Key key, TaskStateName state) in entry.Recommendations)
            {
                w.Key(key);
                w.Text(state.ToText());
            }
            w.Token(entry.StimulusId);
            w.Float(entry.Timestamp);
        }
    }

    private static void CheckIdle(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        if (s.CheckIdle() is { } since)
        {
            w.Float(since);
        }
        else
        {
            w.Nil();
        }
    }

    // What a client needs to run a task by itself.
    private static void GetRunSpec(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        Key key = Stringify(s, a.Key("key"));
        TaskState ts = s.Tasks.Find(key) ?? throw DaskException.KeyError(key.ToString());
        if (!s.Options.Dialect.SplitRunSpecs || ts.RunSpec.IsNone)
        {
            ts.RunSpec.WriteValue(ref w);
            return;
        }
        w.Map(2);
        w.Text("task"u8);
        SplitFields.WriteTask(ref w, ts.RunSpec);
        w.Text("deps"u8);
        WriteTasks(ref w, ts.Dependencies.ToArray());
    }

    // The first of the keys whose failure has a cause in another task, or the key itself.
    private static void ErrorCause(SchedulerState s, Arguments a, ref MessageWriter w)
    {
        foreach (Key key in a.Keys("keys") ?? [])
        {
            if (s.Tasks.Find(Stringify(s, key))?.ExceptionBlame is { } cause)
            {
                w.Key(cause.Key);
                return;
            }
        }
        w.Nil();
    }

    // 2022's clients ask by the keys of collections; in the scheduler all keys are str.
    private static Key Stringify(SchedulerState s, Key key) =>
        s.Options.Dialect.PackedGraphs && new MessageReader(key.Token.ToArray()).NextType == MessagePackType.Array
            ? Key.FromString(key.ToString())
            : key;

    private static IEnumerable<WorkerState> Selected(SchedulerState s, Arguments a) =>
        a.Keys("workers") is { } names
            ? names.Select(name => AddressOf(s, name)).Distinct()
                .Select(address => s.Workers.TryGet(address, out WorkerState? ws) ? ws : null).OfType<WorkerState>()
            : s.Workers.Sorted;

    // Dask's coerce_address, with its errors.
    private static string AddressOf(SchedulerState s, Key worker)
    {
        if (s.CoerceAddress(worker) is { } address)
        {
            return address;
        }
        throw new MessageReader(worker.Token.ToArray()).NextType == MessagePackType.String
            ? DaskException.ValueError($"missing port number in address {worker.Repr()}")
            : new DaskException("builtins", "TypeError", $"addresses should be strings or tuples, got {worker.Repr()}");
    }
}
