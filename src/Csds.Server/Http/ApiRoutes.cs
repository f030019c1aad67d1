using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Csds.Server;

/// <summary>The HTTP API for operators of clusters (rows H24, H25). Only where the configuration turns it on.</summary>
internal sealed class ApiRoutes(HttpServices services)
{
    /// <summary>The paths.</summary>
    internal static IReadOnlyList<string> Paths { get; } =
    [
        "/api/v1", "/api/v1/adaptive_target", "/api/v1/check_idle", "/api/v1/get_workers", "/api/v1/retire_workers",
    ];

    internal void Map(IEndpointRouteBuilder app, string root)
    {
        app.MapGet(root + "/api/v1", context => HtmlPage.WriteAsync(context, "text/plain; charset=utf-8", "API V1"));
        app.MapGet(root + "/api/v1/get_workers", GetWorkersAsync);
        app.MapGet(root + "/api/v1/check_idle", CheckIdleAsync);
        app.MapGet(root + "/api/v1/adaptive_target", AdaptiveTargetAsync);
        app.MapPost(root + "/api/v1/retire_workers", RetireWorkersAsync);
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

    private async Task AdaptiveTargetAsync(HttpContext context)
    {
        int target = await services.Reactor.AskAsync((s, _) => s.FindAdaptiveTarget(s.Options.AdaptiveTargetDuration))
            .ConfigureAwait(false);
        await WriteAsync(context, json => json.WriteNumber("workers", target)).ConfigureAwait(false);
    }

    // The body says which workers, or how many; as in Dask, whatever is wrong with it is the server's error.
    private async Task RetireWorkersAsync(HttpContext context)
    {
        RpcTable operations = services.Operations ?? throw new InvalidOperationException("there are no operations");
        Opaque? retired = null;
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted)
                .ConfigureAwait(false);
            retired = await RetireAsync(operations, body.RootElement).ConfigureAwait(false);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // Answered below.
        }
        if (retired is null || PeerErrorException.IsError(retired))
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await WriteAsync(context, json => json.WriteString("Error", "Internal Server Error")).ConfigureAwait(false);
            return;
        }
        await WriteValueAsync(context, json =>
        {
            var reader = new MessageReader(retired);
            JsonPages.Write(json, ref reader);
        }).ConfigureAwait(false);
    }

    private static async Task<Opaque> RetireAsync(RpcTable operations, JsonElement body)
    {
        int n = body.TryGetProperty("n", out JsonElement number) && number.ValueKind == JsonValueKind.Number ? number.GetInt32() : 0;
        if (n != 0)
        {
            Opaque chosen = await AskAsync(operations, "workers_to_close", (ref MessageWriter w) => w.Field("n"u8, n)).ConfigureAwait(false);
            return PeerErrorException.IsError(chosen)
                ? chosen
                : await AskAsync(operations, "retire_workers", (ref MessageWriter w) => w.Field("workers"u8, chosen)).ConfigureAwait(false);
        }
        string[] workers = body.TryGetProperty("workers", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")]
            : [];
        return await AskAsync(operations, "retire_workers", (ref MessageWriter w) =>
        {
            w.Text("workers"u8);
            w.List(workers.Length);
            foreach (string worker in workers)
            {
                w.Text(worker);
            }
        }).ConfigureAwait(false);
    }

    private delegate void Argument(ref MessageWriter w);

    private static async Task<Opaque> AskAsync(RpcTable operations, string op, Argument argument)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, op);
        argument(ref w);
        w.End();
        (Connection server, _) = InMemoryComm.Pair();
        var call = new RpcCall(server, new FrameGroup([request.Seal(), .. request.Frames]));
        await operations.DispatchAsync(call).ConfigureAwait(false);
        return call.Reply.ToOpaque();
    }

    // As Dask writes it: without a charset.
    private static Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write) => WriteValueAsync(context, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    private static async Task WriteValueAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            write(json);
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(stream.ToArray(), context.RequestAborted).ConfigureAwait(false);
    }
}
