using System.Net;
using System.Net.Sockets;
using Csds.Protocol;

namespace Csds.Server.Tests;

/// <summary>The connections that the server itself opens.</summary>
public sealed class CommPoolTests
{
    [Fact]
    public async Task Connections_to_a_worker_are_closed_when_it_leaves()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        string address = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}";
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
}
