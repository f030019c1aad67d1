using System.Net;

namespace Csds.Server.Tests;

/// <summary>Where the scheduler listens, by what its command line says.</summary>
public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("", null, "tcp", 8786)]
    [InlineData("127.0.0.1", 5000, "tcp", 5000)]
    [InlineData("127.0.0.1:5000", null, "tcp", 5000)]
    [InlineData("tcp://127.0.0.1:5000", 5000, "tcp", 5000)]
    [InlineData("tls://", 5000, "tls", 5000)]
    [InlineData("ws://127.0.0.1", null, "ws", 8786)]
    [InlineData("[::1]:5000", null, "tcp", 5000)]
    [InlineData("127.0.0.1", 0, "tcp", 0)]
    public void One_address(string host, int? port, string scheme, int expected)
    {
        ListenAddress address = Assert.Single(For(host, port is { } p ? [p] : []));
        Assert.Equal(scheme, address.Scheme);
        Assert.Equal(expected, address.Endpoints[0].Port);
    }

    [Fact]
    public void Only_the_first_of_several_protocols_has_the_default_port()
    {
        IReadOnlyList<ListenAddress> addresses = For("", [], protocols: ["tcp", "ws"]);
        Assert.Equal(["tcp", "ws"], addresses.Select(a => a.Scheme));
        Assert.Equal([8786, 0], addresses.Select(a => a.Endpoints[0].Port));
    }

    [Fact]
    public void A_protocol_overrides_the_hosts() => Assert.Equal("tls", Assert.Single(For("tcp://127.0.0.1:1", [], protocols: ["tls"])).Scheme);

    [Fact]
    public void Encryption_that_is_required_is_the_default_and_an_obligation()
    {
        Assert.Equal("tls", Assert.Single(For("127.0.0.1", [], requireEncryption: true)).Scheme);
        FormatException error = Assert.Throws<FormatException>(() => For("127.0.0.1", [5], requireEncryption: true, protocols: ["tcp"]));
        Assert.StartsWith("encryption required by Dask configuration", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<FormatException>(() => For("127.0.0.1:1", [2]));
        Assert.Throws<FormatException>(() => For("::1", []));
        Assert.Throws<FormatException>(() => For("", [1, 2]));
        Assert.Throws<FormatException>(() => For("", [1], protocols: ["tcp", "ws"]));
        Assert.Throws<FormatException>(() => For("ucx://", [1]));
    }

    [Fact]
    public void Addresses_of_http()
    {
        Assert.Equal([8787], BindAddress.ForHttp(":8787").Select(e => e.Port));
        Assert.Equal([8787], BindAddress.ForHttp("8787").Select(e => e.Port));
        Assert.Equal(
            [new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 0)],
            BindAddress.ForHttp("127.0.0.1:1,127.0.0.1"));
        Assert.Throws<FormatException>(() => BindAddress.ForHttp("127.0.0.1:http"));
    }

    private static IReadOnlyList<ListenAddress> For(
        string host, IReadOnlyList<int> ports, bool requireEncryption = false, IReadOnlyList<string>? protocols = null) =>
        [.. BindAddress.ForComms(new SchedulerArguments { Host = host, Ports = ports, Protocols = protocols ?? [] })
            .Select(a => ListenAddress.For(a, requireEncryption, "tcp"))];
}
