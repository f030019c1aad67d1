using System.Buffers.Binary;
using Csds.Protocol;

namespace Csds.Server.Tests;

/// <summary>Peers that break the protocol are closed; everybody else goes on.</summary>
public sealed class BadPeerTests
{
    public static TheoryData<string> Garbage { get; } = new(
        "random", "http", "length of 2^63", "2^40 frames", "frame of 2^62 bytes", "no map", "map without op", "deep nesting",
        "map of 2^31 entries");

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Garbage_closes_its_sender_only(string kind)
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer worker = await Peer.ConnectAsync(server.Port);
        await worker.RegisterWorkerAsync("tcp://127.0.0.1:1001");
        using (Peer bad = await Peer.ConnectAsync(server.Port))
        {
            await bad.SendRawAsync(Bytes(kind));
            await bad.AssertClosedAsync();
        }
        await server.AssertAliveAsync();
        Assert.Equal(1, await server.Reactor.AskAsync((s, _) => s.Workers.Count));
    }

    [Fact]
    public async Task Garbage_instead_of_a_handshake_closes_its_sender_only()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer bad = await Peer.DialAsync(server.Port);
        await bad.SendRawAsync(Bytes("random"));
        await bad.AssertClosedAsync();
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task A_handshake_that_never_comes_is_given_up()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer silent = await Peer.DialAsync(server.Port);
        await silent.AssertClosedAsync();
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task A_half_open_handshake_does_not_hold_up_the_shutdown()
    {
        TestServer server = await TestServer.StartAsync();
        using Peer half = await Peer.DialAsync(server.Port);
        await half.SendRawAsync(Peer.Frame("{}").AsMemory(0, 9));
        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_message_cut_short_loses_nothing_but_itself()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (Peer worker = await Peer.ConnectAsync(server.Port))
        {
            await worker.RegisterWorkerAsync("tcp://127.0.0.1:1001");
            await worker.SendRawAsync(Peer.Frame("""[{"op": "keep-alive"}]""").AsMemory(0, 30));
        }
        await WaitUntilAsync(async () => await server.Reactor.AskAsync((s, _) => s.Workers.Count) == 0);
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task An_unknown_request_is_answered_by_None()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer peer = await Peer.ConnectAsync(server.Port);
        using FrameGroup answer = await peer.AskAsync("""{"op": "no-such-thing", "x": 1}""");
        Assert.Equal(Tokens.Nil, answer[0].ToArray());
        using FrameGroup second = await peer.AskAsync("""{"op": "ncores"}""");
        Assert.Equal(1, second.Count);
    }

    [Theory]
    [InlineData("""{"op": "close"}""", true)]
    [InlineData("""{"op": "close", "reply": false}""", false)]
    public async Task A_peer_that_says_goodbye_is_let_go(string goodbye, bool answered)
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer peer = await Peer.ConnectAsync(server.Port);
        await peer.SendAsync(goodbye);
        if (answered)
        {
            using FrameGroup answer = await peer.ReadAsync() ?? throw new IOException("closed");
            Assert.Contains("OK", Peer.Text(answer), StringComparison.Ordinal);
        }
        Assert.Null(await peer.ReadAsync());
        await server.AssertAliveAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_message_ends_its_stream(bool worker)
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer peer = await Peer.ConnectAsync(server.Port);
        await (worker ? peer.RegisterWorkerAsync("tcp://127.0.0.1:1001") : peer.RegisterClientAsync("Client-1"));
        await peer.SendAsync("""[{"op": "no-such-thing"}]""");
        await peer.AssertClosedAsync();
        await WaitUntilAsync(async () => await server.Reactor.AskAsync((s, _) => s.Workers.Count + s.AllClients.Count) == 1);
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task Messages_about_what_is_gone_are_passed_over()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer worker = await Peer.ConnectAsync(server.Port);
        await worker.RegisterWorkerAsync("tcp://127.0.0.1:1001");
        await worker.SendAsync("""
            [{"op": "task-finished", "key": "gone", "nbytes": 1, "type": null, "typename": "int", "metadata": {}, "thread": 1,
              "startstops": [], "status": "OK", "stimulus_id": "s1"},
             {"op": "task-erred", "key": "gone", "exception": null, "traceback": null, "exception_text": "", "traceback_text": "",
              "thread": 1, "startstops": [], "status": "error", "stimulus_id": "s2"},
             {"op": "release-worker-data", "key": "gone", "stimulus_id": "s3"},
             {"op": "long-running", "key": "gone", "compute_duration": 1, "stimulus_id": "s4"},
             {"op": "reschedule", "key": "gone", "stimulus_id": "s5"}]
            """);
        using FrameGroup answer = await worker.ReadAsync() ?? throw new IOException("closed");
        Assert.Contains("free-keys", Peer.Text(answer), StringComparison.Ordinal);
        using Peer late = await Peer.ConnectAsync(server.Port);
        using FrameGroup heartbeat = await late.AskAsync(
            """{"op": "heartbeat_worker", "address": "tcp://127.0.0.1:9", "now": 0, "metrics": {}, "executing": {}, "extensions": {}}""");
        Assert.Contains("missing", Peer.Text(heartbeat), StringComparison.Ordinal);
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task A_peer_that_never_reads_holds_nobody_up()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Peer deaf = await Peer.ConnectAsync(server.Port);
        await deaf.RegisterClientAsync("Client-deaf");
        byte[] report = Peer.Frame("""[{"op": "report-key", "key": "unknown-key-of-some-length-to-make-answers-larger"}]""");
        for (int i = 0; i < 20_000; i++)
        {
            await deaf.SendRawAsync(report);
        }
        await server.AssertAliveAsync();
    }

    private static byte[] Bytes(string kind) => kind switch
    {
        "random" => Random(4096),
        "http" => [.. "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: browser\r\n\r\n"u8],
        "length of 2^63" => Prelude(1UL << 63, 1UL << 63),
        "2^40 frames" => Prelude(0, 1UL << 40),
        "frame of 2^62 bytes" => [.. Prelude(0, 1), .. BitConverter.GetBytes(1UL << 62)],
        "no map" => Peer.Frame("[1, 2, 3]"),
        "map without op" => Peer.Frame("""{"reply": true}"""),
        "deep nesting" => Framed([0x81, 0xa2, .. "op"u8, .. Enumerable.Repeat((byte)0x91, 100_000)]),
        "map of 2^31 entries" => Framed([0xdf, 0x7f, 0xff, 0xff, 0xff]),
        _ => throw new ArgumentException(kind),
    };

    private static byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Prelude(ulong size, ulong frames)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, size);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), frames);
        return bytes;
    }

    private static byte[] Framed(byte[] token)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        FrameWriter.Write(output, token);
        return output.WrittenSpan.ToArray();
    }

    internal static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 200 && !await condition(); i++)
        {
            await Task.Delay(50);
        }
        Assert.True(await condition());
    }
}
