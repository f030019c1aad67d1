using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Brings data from a client to workers (rows R8, SR2): Dask's <c>scatter</c> and <c>scatter_to_workers</c>.</summary>
public sealed class ScatterData(Reactor reactor, CommPool pool, Replication replication)
{
    private long start;

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("scatter", ScatterAsync);
    }

    private async Task ScatterAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        List<(Key Key, Opaque Value)> data = ReadData(arguments.Get("data"));
        IReadOnlyList<(string Address, int NThreads)> workers = await WaitForWorkersAsync(arguments).ConfigureAwait(false);
        Dictionary<string, List<int>> plan = Assign(data.Count, workers);
        var nbytes = new Dictionary<Key, long>(KeyComparer.Instance);
        var whoHas = new List<KeyValuePair<Key, IReadOnlyList<string>>>();
        bool silence = await reactor.AskAsync((s, _) => s.Options.Dialect.WorkersReportScatter).ConfigureAwait(false);
        await Task.WhenAll(plan.Select(p => SendAsync(p.Key, p.Value, data, silence, nbytes))).ConfigureAwait(false);
        foreach ((string address, List<int> items) in plan)
        {
            whoHas.AddRange(items.Select(i => new KeyValuePair<Key, IReadOnlyList<string>>(data[i].Key, [address])));
        }
        string? client = arguments.Text("client");
        await reactor.TellAsync((s, now) => s.UpdateData(new UpdateData(whoHas, nbytes, client), now)).ConfigureAwait(false);
        await BroadcastAsync(arguments, data, workers).ConfigureAwait(false);
        await reactor.TellAsync((s, _) => LogScatter(s, client, data.Count)).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.List(data.Count);
        foreach ((Key key, _) in data)
        {
            w.Key(key);
        }
        w.End();
    }

    private async Task BroadcastAsync(
        Arguments arguments, List<(Key Key, Opaque Value)> data, IReadOnlyList<(string Address, int NThreads)> workers)
    {
        if (arguments.Find("broadcast") is not { } broadcast)
        {
            return;
        }
        bool flag = new MessageReader(broadcast).NextType == Nerdbank.MessagePack.MessagePackType.Boolean;
        if (flag && !arguments.Bool("broadcast", otherwise: false))
        {
            return;
        }
        int copies = flag ? workers.Count : arguments.Int("broadcast") ?? workers.Count;
        await replication.ReplicateAsync([.. data.Select(d => d.Key)], copies, [.. workers.Select(w => w.Address)])
            .ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<(string Address, int NThreads)>> WaitForWorkersAsync(Arguments arguments)
    {
        double timeout = arguments.Number("timeout") ?? 2;
        IReadOnlyList<Key>? wanted = arguments.Keys("workers");
        double deadline = reactor.Now + timeout;
        while (true)
        {
            (string, int)[] workers = await reactor.AskAsync((s, _) => Running(s, wanted)).ConfigureAwait(false);
            if (workers.Length > 0)
            {
                return workers;
            }
            if (reactor.Now > deadline)
            {
                throw DaskException.Timeout("No valid workers found");
            }
            await Task.Delay(200).ConfigureAwait(false);
        }
    }

    private static (string, int)[] Running(SchedulerState s, IReadOnlyList<Key>? wanted)
    {
        IEnumerable<WorkerState> workers = wanted is null ? s.Workers.Sorted : wanted.Select(s.FindWorker).OfType<WorkerState>();
        return [.. workers.Where(ws => ws.Status == WorkerStatus.Running).Select(ws => (ws.Address, ws.NThreads))];
    }

    // Round robin over threads, going on where the last scatter ended.
    private Dictionary<string, List<int>> Assign(int items, IReadOnlyList<(string Address, int NThreads)> workers)
    {
        string[] threads = [.. workers.SelectMany(w => Enumerable.Repeat(w.Address, Math.Max(1, w.NThreads)))];
        long first = Interlocked.Add(ref start, items) - items;
        var plan = new Dictionary<string, List<int>>();
        for (int i = 0; i < items; i++)
        {
            string address = threads[(first + i) % threads.Length];
            if (!plan.TryGetValue(address, out List<int>? assigned))
            {
                plan[address] = assigned = [];
            }
            assigned.Add(i);
        }
        return plan;
    }

    private async Task SendAsync(
        string address, List<int> items, List<(Key Key, Opaque Value)> data, bool silence, Dictionary<Key, long> nbytes)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(silence ? 3 : 2);
        w.Field("op"u8, "update_data"u8);
        if (silence)
        {
            // The worker's own report would come before ours, and be refused.
            w.Field("report"u8, false);
        }
        w.Text("data"u8);
        w.Map(items.Count);
        foreach (int item in items)
        {
            w.Key(data[item].Key);
            w.Value(data[item].Value);
        }
        w.End();
        using FrameGroup reply = await pool.CallAsync(address, request).ConfigureAwait(false);
        lock (nbytes)
        {
            ReadSizes(reply, nbytes);
        }
    }

    private static void ReadSizes(FrameGroup reply, Dictionary<Key, long> nbytes)
    {
        var reader = new MessageReader(reply);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("nbytes"u8))
            {
                reader.Skip();
                continue;
            }
            int count = reader.ReadMapHeader();
            for (int k = 0; k < count; k++)
            {
                Key key = reader.ReadKey();
                nbytes[key] = reader.ReadInt64();
            }
        }
    }

    private static List<(Key Key, Opaque Value)> ReadData(Opaque value)
    {
        var data = new List<(Key Key, Opaque Value)>();
        var reader = new MessageReader(value);
        int count = reader.ReadMapHeader();
        for (int i = 0; i < count; i++)
        {
            Key key = reader.ReadKey();
            data.Add((key, reader.ReadOpaque()));
        }
        return data;
    }

    private static void LogScatter(SchedulerState s, string? client, int count) =>
        s.LogEvent([client ?? "", "all"], 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "scatter"u8);
            w.Field("client"u8, client);
            w.Field("count"u8, count);
        });
}
