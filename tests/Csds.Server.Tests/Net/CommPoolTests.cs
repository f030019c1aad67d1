using System.Net;
using System.Net.Sockets;
using Csds.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests;

/// <summary>The connections that the server itself opens.</summary>
public sealed class CommPoolTests
{
    [Fact]
    public async Task Connections_to_a_worker_are_closed_when_it_leaves()
    {
        await using TestServer server = await TestServer.StartAsync();
        using Socket listener = Listen(out string address);
        using Peer asking = await Peer.ConnectAsync(server.Port);
        using Peer waiting = await Peer.ConnectAsync(server.Port);
        using Peer worker = await Peer.ConnectAsync(server.Port);
        await worker.RegisterWorkerAsync(address);

        string request = $$$"""{"op": "proxy", "worker": "{{{address}}}", "msg": {"op": "ping"}}""";
        await asking.SendAsync(request);
        using Peer free = await Peer.AcceptAsync(listener);
        (await free.ReadAsync())?.Dispose();
        await waiting.SendAsync(request);
        using Peer busy = await Peer.AcceptAsync(listener);
        (await busy.ReadAsync())?.Dispose();
        await free.SendAsync("\"pong\"");
        using FrameGroup answer = await asking.ReadAsync() ?? throw new IOException("closed");
        Assert.Contains("pong", Peer.Text(answer), StringComparison.Ordinal);

        worker.Socket.Dispose();
        await free.AssertClosedAsync();
        await busy.AssertClosedAsync();
        using FrameGroup failure = await waiting.ReadAsync() ?? throw new IOException("closed");
        Assert.Contains("uncaught-error", Peer.Text(failure), StringComparison.Ordinal);
        await server.AssertAliveAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_to_a_peer_that_leaves_is_a_lost_connection(bool onUsedComm)
    {
        await using CommPool pool = Pool(TimeSpan.FromSeconds(5));
        using Socket listener = Listen(out string address);
        Task<FrameGroup> call = pool.CallAsync(address, Ping(), TestContext.Current.CancellationToken);
        using Peer peer = await Peer.AcceptAsync(listener);
        (await peer.ReadAsync())?.Dispose();
        if (onUsedComm)
        {
            await peer.SendAsync("\"pong\"");
            (await call).Dispose();
            call = pool.CallAsync(address, Ping(), TestContext.Current.CancellationToken);
            (await peer.ReadAsync())?.Dispose();
        }
        pool.Forget(address);
        IOException error = await Assert.ThrowsAnyAsync<IOException>(() => call);
        Assert.Contains("the peer is gone", error.Message, StringComparison.Ordinal);
        Assert.False(listener.Poll(0, SelectMode.SelectRead), "somebody called again");
    }

    [Fact]
    public async Task A_free_comm_goes_when_its_peer_closes_it()
    {
        await using CommPool pool = Pool(TimeSpan.FromSeconds(5));
        using Socket listener = Listen(out string address);
        Task<FrameGroup> call = pool.CallAsync(address, Ping(), TestContext.Current.CancellationToken);
        using Peer peer = await Peer.AcceptAsync(listener);
        (await peer.ReadAsync())?.Dispose();
        await peer.SendAsync("\"pong\"");
        (await call).Dispose();
        Assert.Equal(1, pool.IdleCount);

        peer.Socket.Shutdown(SocketShutdown.Send);
        await peer.AssertClosedAsync();
        await BadPeerTests.WaitUntilAsync(() => Task.FromResult(pool.IdleCount == 0));
    }

    [Fact]
    public async Task A_comm_without_a_handshake_is_closed()
    {
        await using CommPool pool = Pool(TimeSpan.FromSeconds(0.2));
        using Socket listener = Listen(out string address);
        Task<FrameGroup> call = pool.CallAsync(address, Ping(), TestContext.Current.CancellationToken);
        using Socket silent = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ConnectFailedException>(() => call);
        silent.ReceiveTimeout = 5000;
        byte[] buffer = new byte[1024];
        try
        {
            while (silent.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException error)
        {
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        }
    }

    private static CommPool Pool(TimeSpan connectTimeout) =>
        new(new ServerSettings { ConnectTimeout = connectTimeout }, NullLoggerFactory.Instance);

    private static Socket Listen(out string address)
    {
        var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        address = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}";
        return listener;
    }

    private static MessageBatch Ping()
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(1);
        w.Field("op"u8, "ping"u8);
        w.End();
        return request;
    }
}
