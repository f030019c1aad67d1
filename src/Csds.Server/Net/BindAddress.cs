using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// Where to open a port for comms, and under which host the others reach us (row E1): what the command line settles alone.
/// What is spoken there may be a matter of configuration, see <see cref="ListenAddress"/>.
/// </summary>
/// <param name="Host">As the user wrote it, without a scheme.</param>
/// <param name="Protocol">What <c>--protocol</c> says; null: nothing.</param>
/// <param name="HostScheme">The scheme that the host was written with; null: none.</param>
/// <param name="Endpoints">Local endpoints; port 0: any free one.</param>
/// <param name="ContactHost">Host part of the contact address.</param>
public sealed record BindAddress(
    string Host, string? Protocol, string? HostScheme, IReadOnlyList<IPEndPoint> Endpoints, string ContactHost)
{
    private const int DefaultPort = 8786;

    /// <summary>
    /// Works out the addresses for <c>--host</c>, <c>--port</c>, <c>--interface</c> and <c>--protocol</c>, as Dask's
    /// <c>addresses_from_user_args</c>.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <exception cref="FormatException">They make no sense, with a message for the user.</exception>
    public static IReadOnlyList<BindAddress> ForComms(SchedulerArguments arguments)
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
        var addresses = new BindAddress[count];
        for (int i = 0; i < count; i++)
        {
            addresses[i] = One(arguments, At(protocols, i), ports.Count == 1 ? ports[0] : ports[i], At(arguments.Interfaces, i));
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

    private static BindAddress One(SchedulerArguments arguments, string? protocol, int? port, string? networkInterface)
    {
        string host = arguments.Host;
        if (networkInterface is not null)
        {
            host = host.Length == 0
                ? HostNames.AddressOf(networkInterface)
                : throw new FormatException($"Can not specify both interface and host: {networkInterface}, {host}");
        }
        CommAddress address = CommAddress.Parse(host, defaultScheme: "", port ?? 0);
        if (port is > 0 && address.Port != port)
        {
            throw new FormatException($"port number given twice in options: host {host} and port {port}");
        }
        (IReadOnlyList<IPEndPoint> endpoints, string contact) = Locate(address.Host, address.Port);
        return new BindAddress(
            arguments.Host.Split("://")[^1], protocol?.Replace("://", "", StringComparison.Ordinal),
            address.Scheme.Length > 0 ? address.Scheme : null, endpoints, contact);
    }

    private static (IReadOnlyList<IPEndPoint> Endpoints, string ContactHost) Locate(string host, int port)
    {
        if (host.Length == 0)
        {
            return (AnyEndpoints(port), HostNames.OutwardAddress(AddressFamily.InterNetwork));
        }
        IReadOnlyList<IPAddress> addresses = HostNames.Resolve(host);
        IPAddress first = addresses[0];
        string contact = first.Equals(IPAddress.Any) || first.Equals(IPAddress.IPv6Any)
            ? HostNames.OutwardAddress(first.AddressFamily)
            : first.ToString();
        // With port 0 every endpoint would get a port of its own.
        return ([.. addresses.Take(port == 0 ? 1 : addresses.Count).Select(a => new IPEndPoint(a, port))], contact);
    }

    private static IReadOnlyList<IPEndPoint> AnyEndpoints(int port) =>
        [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port)];

    private static T? At<T>(IReadOnlyList<T> list, int index) where T : class =>
        list.Count == 0 ? null : list.Count == 1 ? list[0]
            : index < list.Count ? list[index] : throw new FormatException("--interface, --protocol and --port must be lists of equal length");
}
