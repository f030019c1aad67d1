using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Where to listen, and under which address the others reach us (row E1).</summary>
/// <param name="Endpoints">Local endpoints; port 0: any free one.</param>
/// <param name="ContactHost">Host part of the contact address.</param>
public sealed record ListenAddress(IReadOnlyList<IPEndPoint> Endpoints, string ContactHost)
{
    private const int DefaultPort = 8786;

    /// <summary>Works out the addresses for <c>--host</c>, <c>--port</c>, <c>--interface</c> and <c>--protocol</c>.</summary>
    /// <exception cref="FormatException">They make no sense, with a message for the user.</exception>
    public static ListenAddress For(SchedulerArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        string host = arguments.Host;
        int? port = arguments.Port;
        if (arguments.Protocol is { } protocol && protocol.TrimEnd(':', '/') != "tcp")
        {
            throw new FormatException($"--protocol {protocol} is not supported; only tcp is");
        }
        if (host.Contains("://", StringComparison.Ordinal) || IsHostAndPort(host))
        {
            CommAddress address = CommAddress.Parse(host, "tcp", port ?? DefaultPort);
            if (address.Scheme != "tcp")
            {
                throw new FormatException($"--host {host}: only tcp:// is supported");
            }
            (host, port) = (address.Host, address.Port);
        }
        if (arguments.Interface is { } name)
        {
            host = host.Length == 0
                ? AddressOf(name)
                : throw new FormatException("--host and --interface cannot be given both");
        }
        int actual = port ?? DefaultPort;
        if (host.Length == 0)
        {
            return new ListenAddress(AnyEndpoints(actual), OutwardAddress());
        }
        IPAddress ip = Resolve(host);
        bool any = ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any);
        return new ListenAddress([new IPEndPoint(ip, actual)], any ? OutwardAddress() : ip.ToString());
    }

    /// <summary>Endpoints for an HTTP address <c>host:port</c>, <c>:port</c> or <c>port</c>.</summary>
    public static IReadOnlyList<IPEndPoint> ForHttp(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        int colon = address.LastIndexOf(':');
        string host = colon > 0 ? address[..colon] : "";
        if (!ushort.TryParse(address.AsSpan(colon + 1), out ushort port))
        {
            throw new FormatException($"--dashboard-address {address} has no valid port");
        }
        return host.Length == 0 ? AnyEndpoints(port) : [new IPEndPoint(Resolve(host), port)];
    }

    /// <summary>The address by which this machine reaches others: Dask's <c>get_ip</c>.</summary>
    public static string OutwardAddress()
    {
        // Connecting a datagram socket sends nothing; it only chooses the interface.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(new IPAddress([8, 8, 8, 8]), 80);
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (SocketException)
        {
            return IPAddress.Loopback.ToString();
        }
    }

    private static bool IsHostAndPort(string host) =>
        host.StartsWith('[') || (host.Contains(':', StringComparison.Ordinal) && host.IndexOf(':') == host.LastIndexOf(':'));

    private static IReadOnlyList<IPEndPoint> AnyEndpoints(int port) =>
        [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port)];

    private static string AddressOf(string name)
    {
        NetworkInterface? found = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(n => n.Name == name);
        IPAddress? address = found?.GetIPProperties().UnicastAddresses
            .Select(a => a.Address).FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork);
        string known = string.Join(", ", NetworkInterface.GetAllNetworkInterfaces().Select(n => n.Name));
        return address?.ToString()
            ?? throw new FormatException($"'{name}' is not a valid network interface. Valid network interfaces are: {known}");
    }

    private static IPAddress Resolve(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            return ip;
        }
        try
        {
            IPAddress[] addresses = Dns.GetHostAddresses(host);
            return addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
        }
        catch (SocketException error)
        {
            throw new FormatException($"--host {host}: {error.Message}");
        }
    }
}
