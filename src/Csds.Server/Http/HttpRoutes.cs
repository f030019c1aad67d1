using System.Globalization;
using System.Text;
using System.Text.Json;
using Csds.Scheduler;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Csds.Server;

/// <summary>The HTTP surface (rows H1 to H25), as far as it exists.</summary>
public sealed class HttpRoutes(Reactor reactor)
{
    /// <summary>Maps the routes below a prefix.</summary>
    public void Map(IEndpointRouteBuilder app, string prefix)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(prefix);
        string root = prefix.Trim('/') is { Length: > 0 } p ? "/" + p : "";
        app.MapGet(root + "/health", HealthAsync);
        app.MapGet(root + "/json/counts.json", CountsAsync);
        app.MapGet(root + "/metrics", MetricsAsync);
    }

    private static Task HealthAsync(HttpContext context) => WriteAsync(context, "text/plain; charset=utf-8", "ok");

    private async Task CountsAsync(HttpContext context)
    {
        byte[] json = await reactor.AskAsync((s, _) => Counts(s)).ConfigureAwait(false);
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.Body.WriteAsync(json, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task MetricsAsync(HttpContext context)
    {
        string text = await reactor.AskAsync((s, _) => PrometheusPage.Write(s)).ConfigureAwait(false);
        await WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8", text).ConfigureAwait(false);
    }

    // H12, with the quirks of Dask's page: memory counts replicas, erred what has a blame, waiting what waits on something.
    private static byte[] Counts(SchedulerState s)
    {
        long erred = 0, waiting = 0, released = 0, processing = 0, replicas = 0, waitingData = 0;
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            erred += ts.ExceptionBlame is null ? 0 : 1;
            waiting += ts.WaitingOn.IsEmpty ? 0 : 1;
            waitingData += ts.Waiters.IsEmpty ? 0 : 1;
            released += ts.State == TaskStateName.Released ? 1 : 0;
        }
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            processing += ws.Processing.Count;
            replicas += ws.HasWhat.Count;
        }
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("bytes", s.Workers.Sorted.Sum(ws => ws.NBytes));
            json.WriteNumber("clients", s.AllClients.Count);
            json.WriteNumber("cores", s.Workers.TotalNThreads);
            json.WriteNumber("erred", erred);
            json.WriteNumber("hosts", s.Workers.Hosts.Count);
            json.WriteNumber("idle", s.Workers.Idle.Count);
            json.WriteNumber("memory", replicas);
            json.WriteNumber("processing", processing);
            json.WriteNumber("released", released);
            json.WriteNumber("saturated", s.Workers.Saturated.Count);
            json.WriteNumber("tasks", s.Tasks.Count);
            json.WriteNumber("unrunnable", s.Unrunnable.Count);
            json.WriteNumber("waiting", waiting);
            json.WriteNumber("waiting_data", waitingData);
            json.WriteNumber("workers", s.Workers.Count);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static Task WriteAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }
}
