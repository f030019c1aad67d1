using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What a worker is, for those who ask (rows R1, R31, W49).</summary>
public static class WorkerIdentity
{
    /// <summary>Writes Dask's <c>WorkerState.identity()</c>.</summary>
    public static void Write(ref MessageWriter w, WorkerState ws, bool withMetrics)
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
}
