namespace Csds.Protocol.Tests;

/// <summary>Addresses as Dask's <c>parse_address</c> and <c>parse_host_port</c> take them apart.</summary>
public static class CommAddressTests
{
    /// <summary>What is an address.</summary>
    [Theory]
    [InlineData("tcp://127.0.0.1:8786", "tcp", "127.0.0.1", 8786)]
    [InlineData("127.0.0.1:8786", "tcp", "127.0.0.1", 8786)]
    [InlineData("tls://host.example:0", "tls", "host.example", 0)]
    [InlineData("tcp://[::1]:80", "tcp", "::1", 80)]
    [InlineData("[fe80::1%eth0]:80", "tcp", "fe80::1%eth0", 80)]
    [InlineData("tcp://:8786", "tcp", "", 8786)]
    [InlineData("ws://a:65535", "ws", "a", 65535)]
    public static void Is_an_address(string text, string scheme, string host, int port) =>
        Assert.Equal(new CommAddress(scheme, host, port), CommAddress.Parse(text));

    /// <summary>What is none.</summary>
    [Theory]
    [InlineData("tcp://host", "missing port number in address 'host'")]
    [InlineData("[::1]", "missing port number in address '[::1]'")]
    [InlineData("[::1", "invalid address '[::1'")]
    [InlineData("[::1]80", "invalid address '[::1]80'")]
    [InlineData("tcp://host:port", "invalid port in address 'host:port'")]
    [InlineData("tcp://host:65536", "invalid port in address 'host:65536'")]
    [InlineData("tcp://host:-1", "invalid port in address 'host:-1'")]
    [InlineData("tcp://::1:80", "invalid address '::1:80': IPv6 addresses need brackets")]
    [InlineData("", "missing port number in address ''")]
    public static void Is_none(string text, string why)
    {
        Assert.Equal(why, Assert.Throws<FormatException>(() => CommAddress.Parse(text)).Message);
        Assert.False(CommAddress.TryParse(text, out _));
        Assert.Equal(text, CommAddress.HostOf(text));
    }

    /// <summary>A default port stands in for one that is missing.</summary>
    [Fact]
    public static void Default_port() => Assert.Equal("tls://[::]:8786", CommAddress.Parse("[::]", "tls", 8786).ToString());
}
