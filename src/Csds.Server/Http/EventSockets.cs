using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Http;

namespace Csds.Server;

/// <summary>
/// The websockets at <c>/eventstream</c> (row H17): what happens, as it happens, for whoever listens. A listener that does
/// not keep up is let go, since the scheduler waits for nobody.
/// </summary>
internal sealed class EventSockets(HttpServices services)
{
    /// <summary>Events that may wait for one listener.</summary>
    private const int MaxWaiting = 16 * 1024;

    /// <summary>Bytes of what a listener says at once: it is only ever asked for a pong.</summary>
    private const int MaxMessage = 4096;

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(2);

    internal async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("Can \"Upgrade\" only to \"WebSocket\".", context.RequestAborted).ConfigureAwait(false);
            return;
        }
        // A page of somebody else must not read along in the browser of who may reach the scheduler.
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, context.Request.Host))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync("Cross origin websockets not allowed", context.RequestAborted).ConfigureAwait(false);
            return;
        }
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var events = Channel.CreateBounded<(string Name, Opaque Data)>(MaxWaiting);
        // Before the socket is accepted: who is connected misses nothing.
        EventStream stream = await services.Reactor.AskAsync((s, now) => EventStream.Open(s, (name, data) =>
        {
            if (!events.Writer.TryWrite((name, data)))
            {
                _ = over.CancelAsync();
            }
        })).ConfigureAwait(false);
        try
        {
            await AcceptAsync(context, events, over).ConfigureAwait(false);
        }
        finally
        {
            await services.Reactor.TellAsync((_, _) => stream.Close()).ConfigureAwait(false);
        }
    }

    private static async Task AcceptAsync(
        HttpContext context, Channel<(string Name, Opaque Data)> events, CancellationTokenSource over)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        try
        {
            await ServeAsync(socket, events, over).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException)
        {
            socket.Abort();
        }
    }

    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && string.Equals(uri.Authority, host.Value, StringComparison.OrdinalIgnoreCase);

    // Ends when the listener leaves, falls behind, or says what it should not.
    private static async Task ServeAsync(
        WebSocket socket, Channel<(string Name, Opaque Data)> events, CancellationTokenSource over)
    {
        Task sending = SendAllAsync(socket, events.Reader, over.Token);
        try
        {
            WebSocketCloseStatus end = await ReceiveAllAsync(socket, events.Writer, over.Token).ConfigureAwait(false);
            events.Writer.Complete();
            over.CancelAfter(patience);
            await sending.ConfigureAwait(false);
            await socket.CloseOutputAsync(end, null, over.Token).ConfigureAwait(false);
        }
        finally
        {
            events.Writer.TryComplete();
            await over.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAllAsync(
        WebSocket socket, ChannelReader<(string Name, Opaque Data)> events, CancellationToken cancel)
    {
        await foreach ((string name, Opaque data) in events.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            foreach (byte[] message in EventJson.Write(name, data))
            {
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancel).ConfigureAwait(false);
            }
        }
    }

    // Answers how to say goodbye.
    private static async Task<WebSocketCloseStatus> ReceiveAllAsync(
        WebSocket socket, ChannelWriter<(string Name, Opaque Data)> events, CancellationToken cancel)
    {
        byte[] buffer = new byte[MaxMessage];
        while (true)
        {
            int filled = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(filled), cancel).ConfigureAwait(false);
                filled += part.Count;
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return WebSocketCloseStatus.NormalClosure;
                }
                if (filled == buffer.Length)
                {
                    return WebSocketCloseStatus.MessageTooBig;
                }
            }
            while (!part.EndOfMessage);
            if (NameOf(buffer.AsMemory(0, filled)) is not { } name)
            {
                return WebSocketCloseStatus.InvalidPayloadData;
            }
            if (name == "ping")
            {
                await events.WriteAsync(("pong", Pong()), cancel).ConfigureAwait(false);
            }
        }
    }

    // The name of {"name": ...}; null: it is something else.
    private static string? NameOf(ReadOnlyMemory<byte> message)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(message);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("name", out JsonElement name)
                && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Opaque Pong()
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(1);
        w.Field("timestamp"u8, DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        w.End();
        return batch.ToOpaque();
    }
}
