using Csds.Protocol;
using Csds.Server.Tests.Python;

namespace Csds.Server.Tests;

/// <summary>
/// Peers that break the protocol once they are known: as a worker, as a client. They are closed and forgotten, one line tells
/// why, and nothing of what they sent stays in memory.
/// </summary>
public sealed class FaultyStreamTests
{
    private const long Megabyte = 1024 * 1024;

    public static TheoryData<string, string> Faults { get; } = new()
    {
        { """[{"op": "no-such-thing"}]""", "unknown op 'no-such-thing'" },
        { """[{"op": 1}]""", "stands where" },
        { """[{"key": "x"}]""", "a message has no op" },
        { """[1]""", "stands where" },
        { """[{"op": "log-event", "topic": [1], "msg": 1}]""", "" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_worker_is_closed_with_one_line(string message, string why) => await CheckAsync(message, why, isWorker: true);

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_client_is_closed_with_one_line(string message, string why) => await CheckAsync(message, why, isWorker: false);

    [Fact]
    public async Task A_call_that_breaks_the_protocol_is_closed_with_one_line()
    {
        using var log = new CollectedLog();
        await using TestServer server = await TestServer.StartAsync(log: log);
        using Peer bad = await Peer.ConnectAsync(server.Port);
        await bad.SendAsync("""{"op": "register-client", "client": 1}""");
        await bad.AssertClosedAsync();
        await AssertClosedForAsync("stands where", log);
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task A_graph_that_Python_could_not_read_is_closed_with_one_line()
    {
        using var log = new CollectedLog();
        await using TestServer server = await TestServer.StartAsync(log: log);
        using Peer bad = await Peer.ConnectAsync(server.Port);
        await bad.RegisterClientAsync("Client-1");
        byte[] graph = [0x91, 0x82, 0xa2, .. "op"u8, 0xb0, .. "update-graph-hlg"u8, 0xa1, .. "x"u8, 0xa1, 0xff];
        await bad.SendRawAsync((byte[])
            [.. BitConverter.GetBytes(0UL), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes((ulong)graph.Length), .. graph]);
        await bad.AssertClosedAsync();
        await AssertClosedForAsync("a text is no UTF-8", log);
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task Messages_that_are_announced_and_never_come_take_no_memory()
    {
        await using TestServer server = await TestServer.StartAsync();
        byte[] announced = [.. BitConverter.GetBytes(0UL), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes(0x7fff_0000UL)];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var peers = new List<Peer>();
        for (int i = 0; i < 50; i++)
        {
            Peer peer = await Peer.ConnectAsync(server.Port);
            peers.Add(peer);
            await peer.SendRawAsync(announced);
            await peer.SendRawAsync(new byte[1000]);
        }
        await server.AssertAliveAsync();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 100 * Megabyte);
        peers.ForEach(peer => peer.Dispose());
        await BadPeerTests.WaitUntilAsync(() => Task.FromResult(GC.GetTotalMemory(forceFullCollection: true) - before < 20 * Megabyte));
        await server.AssertAliveAsync();
    }

    [Fact]
    public async Task A_client_that_never_reads_is_closed_when_too_much_waits_for_it()
    {
        var settings = new ServerSettings { MaxUnsentBytes = Megabyte };
        await using TestServer server = await TestServer.StartAsync(settings: settings);
        using Peer deaf = await Peer.ConnectAsync(server.Port);
        await deaf.RegisterClientAsync("Client-deaf");
        string key = new('k', 10_000);
        byte[] report = Peer.Frame($$"""[{"op": "report-key", "key": "{{key}}"}]""");
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(async () =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                await deaf.SendRawAsync(report);
            }
        });
        await BadPeerTests.WaitUntilAsync(
            async () => await server.Reactor.AskAsync((s, _) => s.AllClients.Count) == 1); // Fire-and-forget is always there.
        await server.AssertAliveAsync();
    }

    private static async Task CheckAsync(string message, string why, bool isWorker)
    {
        using var log = new CollectedLog();
        await using TestServer server = await TestServer.StartAsync(log: log);
        using Peer other = await Peer.ConnectAsync(server.Port);
        await other.RegisterWorkerAsync("tcp://127.0.0.1:1002");
        using Peer bad = await Peer.ConnectAsync(server.Port);
        await (isWorker ? bad.RegisterWorkerAsync("tcp://127.0.0.1:1001") : bad.RegisterClientAsync("Client-1"));
        await bad.SendAsync(message);
        await bad.AssertClosedAsync();
        await BadPeerTests.WaitUntilAsync(
            async () => await server.Reactor.AskAsync((s, _) => s.Workers.Count + s.AllClients.Count) == 2);
        await AssertClosedForAsync(why, log);
        await server.AssertAliveAsync();
    }

    private static async Task AssertClosedForAsync(string why, CollectedLog log)
    {
        await BadPeerTests.WaitUntilAsync(() => Task.FromResult(Closed(log).Any()));
        Assert.Contains(why, Assert.Single(Closed(log)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Closed(CollectedLog log) =>
        log.Lines.Where(line => line.StartsWith("Closing the connection", StringComparison.Ordinal));
}
