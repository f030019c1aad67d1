using System.Net;
using System.Net.Sockets;

namespace Csds.Server.Tests;

/// <summary>Ports that are open before anybody serves them.</summary>
public sealed class BoundPortsTests
{
    private static readonly IPEndPoint any = new(IPAddress.Loopback, 0);

    [Fact]
    public async Task Who_connects_early_is_accepted_and_served_later()
    {
        using BoundPorts ports = Open(any, any);
        IPEndPoint endpoint = ports.Comms[0].Endpoints[0];
        using var early = new TcpClient();
        await early.ConnectAsync(endpoint, TestContext.Current.CancellationToken);
        await early.GetStream().WriteAsync(new byte[] { 42 }, TestContext.Current.CancellationToken);

        using Socket taken = ports.Take(endpoint);
        taken.Listen(1);
        using Socket served = await taken.AcceptAsync(TestContext.Current.CancellationToken);
        byte[] read = new byte[1];
        Assert.Equal(1, await served.ReceiveAsync(read, TestContext.Current.CancellationToken));
        Assert.Equal(42, read[0]);
    }

    [Fact]
    public void What_is_taken_stays_open_and_the_rest_is_closed()
    {
        BoundPorts ports = Open(any, any);
        using Socket taken = ports.Take(ports.Comms[0].Endpoints[0]);
        ports.Dispose();
        Assert.True(Accepts(ports.Comms[0].Endpoints[0]));
        Assert.False(Accepts(ports.Http[0]));
    }

    [Fact]
    public void A_comm_port_that_is_taken_is_an_error_and_leaves_no_other_open()
    {
        using BoundPorts first = Open(any, any);
        IPEndPoint taken = first.Comms[0].Endpoints[0], free = FreePort();
        IOException error = Assert.Throws<IOException>(() => BoundPorts.Open([At(free), At(taken)], [any]));
        Assert.Contains($"tcp://{taken}\nPerhaps you already have a scheduler running?", error.Message, StringComparison.Ordinal);
        Assert.False(Accepts(free));
    }

    [Fact]
    public void An_http_port_that_is_taken_is_replaced()
    {
        using BoundPorts first = Open(any, any);
        Assert.Null(first.HttpPortInUse);
        using BoundPorts second = Open(any, first.Http[0]);
        Assert.Equal(first.Http[0].Port, second.HttpPortInUse);
        Assert.NotEqual(first.Http[0].Port, second.Http[0].Port);
        Assert.True(Accepts(new IPEndPoint(IPAddress.Loopback, second.Http[0].Port)));
    }

    [Fact]
    public void Of_several_http_ports_none_stays_open_if_one_is_taken()
    {
        using BoundPorts first = Open(any, any);
        IPEndPoint free = FreePort();
        using BoundPorts second = BoundPorts.Open([At(any)], [free, first.Http[0]]);
        Assert.Equal(free.Port, second.HttpPortInUse);
        Assert.False(Accepts(free));
        Assert.True(Accepts(second.Comms[0].Endpoints[0]));
    }

    [Fact]
    public void One_port_for_both_is_one_socket_until_http_has_to_move()
    {
        IPEndPoint both = FreePort();
        using BoundPorts ports = Open(both, both);
        Assert.Equal(both, Assert.Single(ports.Http));
        ports.MoveHttp();
        Assert.Equal(both.Port, ports.HttpPortInUse);
        Assert.NotEqual(both.Port, ports.Http[0].Port);
    }

    [Fact]
    public void An_address_that_is_not_ours_is_named()
    {
        var foreign = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 5);
        Assert.EndsWith(": 192.0.2.1:5", Assert.Throws<IOException>(() => Open(foreign, any)).Message, StringComparison.Ordinal);
        Assert.EndsWith(": 192.0.2.1:5", Assert.Throws<IOException>(() => Open(any, foreign)).Message, StringComparison.Ordinal);
    }

    private static BoundPorts Open(IPEndPoint comms, IPEndPoint http) => BoundPorts.Open([At(comms)], [http]);

    private static BindAddress At(IPEndPoint endpoint) => new("127.0.0.1", null, null, [endpoint], "127.0.0.1");

    private static IPEndPoint FreePort()
    {
        using BoundPorts closed = Open(any, any);
        return closed.Comms[0].Endpoints[0];
    }

    private static bool Accepts(IPEndPoint endpoint)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(endpoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
