using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Who the scheduler and its workers are (rows R1, R2, R41, W49, W52).</summary>
public sealed class Identity(Reactor reactor, ServerSettings settings)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("identity", IdentityAsync);
        table.Add("echo", EchoAsync);
    }

    /// <summary>Writes Dask's <c>Scheduler.identity()</c>.</summary>
    /// <param name="w">Where to.</param>
    /// <param name="s">The state.</param>
    /// <param name="workers">How many workers to list; negative: all.</param>
    public void Write(ref MessageWriter w, SchedulerState s, int workers)
    {
        ArgumentNullException.ThrowIfNull(s);
        bool counts = s.Options.Dialect.AdjustsHeartbeats;
        int listed = workers < 0 ? s.Workers.Count : Math.Min(workers, s.Workers.Count);
        w.Map(counts ? 9 : 6);
        w.Field("type"u8, "Scheduler"u8);
        w.Field("id"u8, settings.Id);
        w.Field("address"u8, settings.Address);
        w.Text("services"u8);
        w.Map(settings.Services.Count);
        foreach ((string name, int port) in settings.Services)
        {
            w.Text(name);
            w.Int(port);
        }
        w.Field("started"u8, settings.Started);
        if (counts)
        {
            w.Field("n_workers"u8, s.Workers.Count);
            w.Field("total_threads"u8, s.Workers.TotalNThreads);
            w.Field("total_memory"u8, s.Workers.TotalMemory);
        }
        w.Text("workers"u8);
        w.Map(listed);
        for (int i = 0; i < listed; i++)
        {
            WorkerState ws = s.Workers.Sorted[i];
            w.Token(ws.AddressToken);
            WriteWorker(ref w, ws, withMetrics: true);
        }
    }

    /// <summary>Writes Dask's <c>WorkerState.identity()</c>.</summary>
    public static void WriteWorker(ref MessageWriter w, WorkerState ws, bool withMetrics)
    {
        ArgumentNullException.ThrowIfNull(ws);
        WorkerRegistration registration = ws.Registration;
        var extra = new MessageReader(registration.Extra);
        int extras = extra.ReadMapHeader();
        w.Map((withMetrics ? 13 : 11) + extras);
        w.Field("type"u8, "Worker"u8);
        w.FieldToken("id"u8, ws.Name.Token);
        w.Field("host"u8, ws.Host);
        w.Text("resources"u8);
        w.Map(ws.Resources.Count);
        foreach ((string name, double amount) in ws.Resources)
        {
            w.Text(name);
            w.Float(amount);
        }
        w.Field("local_directory"u8, registration.LocalDirectory);
        w.FieldToken("name"u8, ws.Name.Token);
        w.Field("nthreads"u8, ws.NThreads);
        w.Field("memory_limit"u8, ws.MemoryLimit);
        w.Field("services"u8, registration.Services);
        w.Field("status"u8, ws.Status.ToText());
        w.Field("nanny"u8, registration.Nanny);
        if (withMetrics)
        {
            w.Field("last_seen"u8, ws.LastSeen);
            w.FieldToken("metrics"u8, ws.Metrics.Token);
        }
        for (int i = 0; i < extras; i++)
        {
            w.Token(extra.ReadToken());
            w.Value(extra.ReadOpaque());
        }
    }

    private Task IdentityAsync(RpcCall call)
    {
        int workers = -1;
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.ReadUtf8().SequenceEqual("n_workers"u8))
            {
                workers = reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }
        return reactor.TellAsync((s, _) =>
        {
            MessageWriter w = call.Reply.Single();
            Write(ref w, s, workers);
            w.End();
        });
    }

    private static Task EchoAsync(RpcCall call)
    {
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.ReadUtf8().SequenceEqual("data"u8))
            {
                MessageWriter w = call.Reply.Single();
                w.Value(reader.ReadOpaque());
                w.End();
                break;
            }
            reader.Skip();
        }
        return Task.CompletedTask;
    }
}
