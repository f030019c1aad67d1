using System.Text.Json;
using Csds.Scheduler;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Csds.Server;

/// <summary>The HTTP API for operators of clusters (rows H24, H25). Only where the configuration turns it on.</summary>
internal sealed class ApiRoutes(HttpServices services)
{
    /// <summary>The paths.</summary>
    internal static IReadOnlyList<string> Paths { get; } = ["/api/v1", "/api/v1/check_idle", "/api/v1/get_workers"];

    internal void Map(IEndpointRouteBuilder app, string root)
    {
        app.MapGet(root + "/api/v1", context => HtmlPage.WriteAsync(context, "text/plain; charset=utf-8", "API V1"));
        app.MapGet(root + "/api/v1/get_workers", GetWorkersAsync);
        app.MapGet(root + "/api/v1/check_idle", CheckIdleAsync);
    }

    private async Task GetWorkersAsync(HttpContext context)
    {
        (string Name, string Address)[] workers = await services.Reactor.AskAsync((s, _) =>
            s.Workers.Sorted.Select(ws => (ws.Name.ToString(), ws.Address)).ToArray()).ConfigureAwait(false);
        await WriteAsync(context, json =>
        {
            json.WriteNumber("num_workers", workers.Length);
            json.WriteStartArray("workers");
            foreach ((string name, string address) in workers)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("address", address);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }).ConfigureAwait(false);
    }

    private async Task CheckIdleAsync(HttpContext context)
    {
        double? since = await services.Reactor.AskAsync((s, _) => s.CheckIdle()).ConfigureAwait(false);
        await WriteAsync(context, json =>
        {
            if (since is { } time)
            {
                json.WriteNumber("idle_since", time);
            }
            else
            {
                json.WriteNull("idle_since");
            }
        }).ConfigureAwait(false);
    }

    // As Dask writes it: without a charset.
    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(stream.ToArray(), context.RequestAborted).ConfigureAwait(false);
    }
}
