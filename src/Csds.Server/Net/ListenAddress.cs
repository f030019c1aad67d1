using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Where to listen for comms, and under which host the others reach us (row E1).</summary>
/// <param name="Scheme"><c>tcp</c>, <c>tls</c>, <c>ws</c> or <c>wss</c>.</param>
/// <param name="Endpoints">Local endpoints; port 0: any free one.</param>
/// <param name="ContactHost">Host part of the contact address.</param>
public sealed record ListenAddress(string Scheme, IReadOnlyList<IPEndPoint> Endpoints, string ContactHost)
{
    private const int DefaultPort = 8786;

    private static readonly string[] schemes = ["tcp", "tls", "ws", "wss"];

    /// <summary>Whether what is said here is encrypted.</summary>
    public bool Encrypted => Scheme is "tls" or "wss";

    /// <summary>Whether comms are websockets.</summary>
    public bool WebSockets => Scheme is "ws" or "wss";

    /// <summary>
    /// Works out the addresses for <c>--host</c>, <c>--port</c>, <c>--interface</c> and <c>--protocol</c>, as Dask's
    /// <c>addresses_from_user_args</c>.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="requireEncryption">Whether only encrypted comms are allowed.</param>
    /// <param name="defaultScheme"><c>distributed.comm.default-scheme</c>.</param>
    /// <exception cref="FormatException">They make no sense, with a message for the user.</exception>
    public static IReadOnlyList<ListenAddress> ForComms(SchedulerArguments arguments, bool requireEncryption, string defaultScheme)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        IReadOnlyList<string> protocols = arguments.Protocols;
        IReadOnlyList<int?> ports = arguments.Ports.Count > 0 ? [.. arguments.Ports] : DefaultPorts(arguments);
        int count = Math.Max(protocols.Count, ports.Count);
        if (count > 1 && protocols.Count != ports.Count)
        {
            throw new FormatException("--protocol and --port must both be lists of equal length");
        }
        if (arguments.Interfaces.Count > 1 && count == 1)
        {
            count = arguments.Interfaces.Count;
        }
        var addresses = new ListenAddress[count];
        for (int i = 0; i < count; i++)
        {
            string? protocol = At(protocols, i) ?? (requireEncryption ? "tls" : null);
            addresses[i] = One(arguments, protocol, ports.Count == 1 ? ports[0] : ports[i], At(arguments.Interfaces, i), defaultScheme);
            if (requireEncryption && !addresses[i].Encrypted)
            {
                throw new FormatException(
                    "encryption required by Dask configuration, refusing communication from/to "
                    + $"'{addresses[i].Scheme}://{arguments.Host.Split("://")[^1]}:{addresses[i].Endpoints[0].Port}'");
            }
        }
        return addresses;
    }

    /// <summary>Endpoints for HTTP addresses such as <c>host:port</c>, <c>:port</c> or <c>port</c>, with commas between them.</summary>
    /// <exception cref="FormatException">They make no sense, with a message for the user.</exception>
    public static IReadOnlyList<IPEndPoint> ForHttp(string addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var endpoints = new List<IPEndPoint>();
        foreach (string address in addresses.Split(','))
        {
            int colon = address.LastIndexOf(':');
            bool hasPort = ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
            if (colon >= 0 && !hasPort)
            {
                throw new FormatException($"--dashboard-address {address} has no valid port");
            }
            string host = colon > 0 ? address[..colon] : hasPort ? "" : address;
            endpoints.AddRange(host.Length == 0 ? AnyEndpoints(port) : [new IPEndPoint(HostNames.Resolve(host)[0], port)]);
        }
        return endpoints;
    }

    // A host may bring its own port, and only one of several protocols gets the well-known one.
    private static IReadOnlyList<int?> DefaultPorts(SchedulerArguments arguments) =>
        HasPort(arguments.Host)
            ? [.. Enumerable.Repeat<int?>(null, Math.Max(1, arguments.Protocols.Count))]
            : [DefaultPort, .. Enumerable.Repeat<int?>(0, Math.Max(0, arguments.Protocols.Count - 1))];

    private static bool HasPort(string host)
    {
        string location = host.Split("://")[^1];
        return location.AsSpan(location.LastIndexOf(']') + 1).Contains(':');
    }

    private static ListenAddress One(
        SchedulerArguments arguments, string? protocol, int? port, string? networkInterface, string defaultScheme)
    {
        string host = arguments.Host;
        if (networkInterface is not null)
        {
            host = host.Length == 0
                ? HostNames.AddressOf(networkInterface)
                : throw new FormatException($"Can not specify both interface and host: {networkInterface}, {host}");
        }
        CommAddress address = CommAddress.Parse(host, defaultScheme, port ?? 0);
        if (port is > 0 && address.Port != port)
        {
            throw new FormatException($"port number given twice in options: host {host} and port {port}");
        }
        string scheme = protocol?.Replace("://", "", StringComparison.Ordinal) ?? address.Scheme;
        if (!schemes.Contains(scheme))
        {
            throw new FormatException($"unknown address scheme '{scheme}' (known schemes: ['{string.Join("', '", schemes)}'])");
        }
        return At(scheme, address.Host, address.Port);
    }

    private static ListenAddress At(string scheme, string host, int port)
    {
        if (host.Length == 0)
        {
            return new ListenAddress(scheme, AnyEndpoints(port), HostNames.OutwardAddress(AddressFamily.InterNetwork));
        }
        IReadOnlyList<IPAddress> addresses = HostNames.Resolve(host);
        IPAddress first = addresses[0];
        string contact = first.Equals(IPAddress.Any) || first.Equals(IPAddress.IPv6Any)
            ? HostNames.OutwardAddress(first.AddressFamily)
            : first.ToString();
        // With port 0 every endpoint would get a port of its own.
        return new ListenAddress(scheme, [.. addresses.Take(port == 0 ? 1 : addresses.Count).Select(a => new IPEndPoint(a, port))], contact);
    }

    private static IReadOnlyList<IPEndPoint> AnyEndpoints(int port) =>
        [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port)];

    private static T? At<T>(IReadOnlyList<T> list, int index) where T : class =>
        list.Count == 0 ? null : list.Count == 1 ? list[0]
            : index < list.Count ? list[index] : throw new FormatException("--interface, --protocol and --port must be lists of equal length");
}
