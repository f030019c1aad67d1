using System.Text.Json;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>The file by which workers and clients find the scheduler: its identity as JSON (row W52).</summary>
internal static class SchedulerFile
{
    internal static byte[] Write(SchedulerState s, ServerSettings settings)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("type", "Scheduler");
            json.WriteString("id", settings.Id);
            json.WriteString("address", settings.Address);
            json.WriteStartObject("services");
            foreach ((string name, int port) in settings.Services)
            {
                json.WriteNumber(name, port);
            }
            json.WriteEndObject();
            json.WriteNumber("started", settings.Started);
            if (s.Options.Dialect.AdjustsHeartbeats)
            {
                json.WriteNumber("n_workers", s.Workers.Count);
                json.WriteNumber("total_threads", s.Workers.TotalNThreads);
                json.WriteNumber("total_memory", s.Workers.TotalMemory);
            }
            json.WriteStartObject("workers");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
