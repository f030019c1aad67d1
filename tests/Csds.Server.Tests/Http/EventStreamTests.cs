using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server.Tests;

/// <summary>The websocket <c>/eventstream</c>, and those who listen badly.</summary>
public sealed class EventStreamTests
{
    [Fact]
    public async Task Workers_and_clients_come_and_go()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer early = await Peer.ConnectAsync(server.Port);
        await early.RegisterWorkerAsync("tcp://127.0.0.1:1111");
        using ClientWebSocket listener = await ListenAsync(server);
        Assert.Equal("""{"worker":"tcp://127.0.0.1:1111","name":"add_worker"}""", await ReadAsync(listener));

        using Peer client = await Peer.ConnectAsync(server.Port);
        await client.RegisterClientAsync("Client-1");
        Assert.Equal("""{"client":"Client-1","name":"add_client"}""", await ReadAsync(listener));
        using Peer late = await Peer.ConnectAsync(server.Port);
        await late.RegisterWorkerAsync("tcp://127.0.0.1:2222");
        Assert.Equal("""{"worker":"tcp://127.0.0.1:2222","name":"add_worker"}""", await ReadAsync(listener));
        late.Dispose();
        Assert.Equal("""{"worker":"tcp://127.0.0.1:2222","name":"remove_worker"}""", await ReadAsync(listener));
        client.Dispose();
        Assert.Equal("""{"client":"Client-1","name":"remove_client"}""", await ReadAsync(listener));
    }

    [Fact]
    public void A_run_is_told_part_by_part_without_pickles()
    {
        Opaque run = new(Peer.Encode("""
            {"worker": "a", "status": "OK", "nbytes": 8, "type": "pickle", "metadata": {},
             "startstops": [{"action": "transfer", "start": 1.5, "stop": 2, "source": "b"}, {"action": "compute", "start": 2, "stop": 3}],
             "key": "inc-0123456789abcdef0123456789abcdef"}
            """));
        string[] texts = [.. EventJson.Write("transition", run).Select(Encoding.UTF8.GetString)];
        const string First = """{"action":"transfer","start":1.5,"stop":2,"source":"b"}""";
        const string Second = """{"action":"compute","start":2,"stop":3}""";
        const string Run = $$"""
            {"worker":"a","status":"OK","nbytes":8,"metadata":{},"startstops":[{{First}},{{Second}}],"key":"inc-0123456789abcdef0123456789abcdef"
            """;
        Assert.Equal(
            [
                $$"""{{Run}},"color":"red",{{First[1..^1]}},"name":"transition"}""",
                $$"""{{Run}},"color":"#45BF6F",{{Second[1..^1]}},"name":"transition"}""",
            ],
            texts);
    }

    [Fact]
    public void A_failed_run_is_black()
    {
        Opaque run = new(Peer.Encode("""
            {"worker": "a", "status": "error", "cause": "x", "exception": "pickle", "traceback": "pickle", "exception_text": "Boom()",
             "startstops": [{"action": "compute", "start": 2.5, "stop": 3.5}], "key": "x"}
            """));
        string text = Encoding.UTF8.GetString(Assert.Single(EventJson.Write("transition", run)));
        Assert.Contains("\"color\":\"black\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pickle", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ping_is_answered_and_a_goodbye_too()
    {
        await using TestServer server = await TestServer.StartAsync();
        using ClientWebSocket listener = await ListenAsync(server);
        await SayAsync(listener, """{"name": "ping"}""");
        using JsonDocument pong = JsonDocument.Parse(await ReadAsync(listener));
        Assert.Equal("pong", pong.RootElement.GetProperty("name").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$", pong.RootElement.GetProperty("timestamp").GetString());
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await listener.CloseAsync(WebSocketCloseStatus.NormalClosure, null, timeout.Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, listener.CloseStatus);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("""{"name": 1}""")]
    [InlineData("")]
    public async Task Who_talks_nonsense_is_closed(string nonsense)
    {
        await using TestServer server = await TestServer.StartAsync();
        using ClientWebSocket listener = await ListenAsync(server);
        await SayAsync(listener, nonsense);
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, await ClosedWithAsync(listener));
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task Who_talks_too_much_is_closed()
    {
        await using TestServer server = await TestServer.StartAsync();
        using ClientWebSocket listener = await ListenAsync(server);
        await SayAsync(listener, new string(' ', 100_000));
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await ClosedWithAsync(listener));
    }

    [Fact]
    public async Task Who_does_not_read_is_let_go()
    {
        await using TestServer server = await TestServer.StartAsync();
        using ClientWebSocket listener = await ListenAsync(server);
        // As much as sockets hold, and then what may wait.
        for (int i = 0; i < 200 && await server.Reactor.AskAsync((s, _) => s.EventListeners) > 0; i++)
        {
            await server.Reactor.TellAsync((s, now) =>
            {
                for (int k = 0; k < 500; k++)
                {
                    s.RemoveClient(s.AddClient($"{new string('x', 1000)}-{k}", 0, null, "", now), now);
                }
            });
        }
        await BadPeerTests.WaitUntilAsync(() => server.Reactor.AskAsync((s, _) => s.EventListeners == 0));
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task Nobody_listens_when_all_have_left()
    {
        await using TestServer server = await TestServer.StartAsync();
        ClientWebSocket[] listeners = [await ListenAsync(server), await ListenAsync(server)];
        await BadPeerTests.WaitUntilAsync(() => server.Reactor.AskAsync((s, _) => s.EventListeners == 2));
        listeners[0].Abort();
        await listeners[1].CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await BadPeerTests.WaitUntilAsync(() => server.Reactor.AskAsync((s, _) => s.EventListeners == 0));
        Array.ForEach(listeners, l => l.Dispose());
    }

    [Theory]
    [InlineData(null, HttpStatusCode.BadRequest)]
    [InlineData("http://elsewhere.example", HttpStatusCode.Forbidden)]
    public async Task Others_are_refused(string? origin, HttpStatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{server.HttpPort}/eventstream"));
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "websocket");
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
    }

    private static async Task<ClientWebSocket> ListenAsync(TestServer server)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.HttpPort}/eventstream"), CancellationToken.None);
        return socket;
    }

    private static async Task SayAsync(ClientWebSocket socket, string text) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private static async Task<string> ReadAsync(ClientWebSocket socket)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        byte[] buffer = new byte[64 * 1024];
        WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, timeout.Token);
        Assert.True(result.EndOfMessage);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }

    private static async Task<WebSocketCloseStatus?> ClosedWithAsync(ClientWebSocket socket)
    {
        await ReadAsync(socket);
        return socket.CloseStatus;
    }
}
