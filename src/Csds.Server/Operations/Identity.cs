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
    /// <param name="withMetrics">With the workers' metrics.</param>
    public void Write(ref MessageWriter w, SchedulerState s, int workers, bool withMetrics = true)
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
            WorkerIdentity.Write(ref w, ws, withMetrics);
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
