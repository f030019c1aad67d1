using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Csds.Server;

/// <summary>
/// The scheduler's ports. They are open from the start, before Python has read the configuration that says what is spoken
/// there: until somebody takes them, the kernel accepts connections and keeps what they send. See ADR 0017.
/// </summary>
public sealed class BoundPorts : IDisposable
{
    /// <summary>How many connections the kernel accepts until the configuration says more or less.</summary>
    private static readonly int backlog = new ServerSettings().SocketBacklog;

    private readonly List<Socket> sockets = [];

    private BoundPorts()
    {
    }

    /// <summary>Where comms are accepted, with the ports that port 0 has become.</summary>
    public IReadOnlyList<BindAddress> Comms { get; private set; } = [];

    /// <summary>Where HTTP is accepted. It may be a port for comms, too, which is well if those are websockets.</summary>
    public IReadOnlyList<IPEndPoint> Http { get; private set; } = [];

    /// <summary>The port that was wanted for HTTP and is taken; null: it was to be had.</summary>
    public int? HttpPortInUse { get; private set; }

    /// <summary>Opens them.</summary>
    /// <param name="comms">Where to accept comms.</param>
    /// <param name="http">Where to serve HTTP; if that is taken, it is served on another port.</param>
    /// <exception cref="IOException">One of them cannot be opened; the message says why.</exception>
    public static BoundPorts Open(IReadOnlyList<BindAddress> comms, IReadOnlyList<IPEndPoint> http)
    {
        ArgumentNullException.ThrowIfNull(comms);
        ArgumentNullException.ThrowIfNull(http);
        var ports = new BoundPorts();
        try
        {
            ports.Comms = [.. comms.Select(c => c with { Endpoints = [.. c.Endpoints.Select(ports.Bind)] })];
            ports.OpenHttp(http);
            return ports;
        }
        catch (SocketException error)
        {
            ports.Dispose();
            throw new IOException(
                $"Address already in use: {string.Join(", ", comms.SelectMany(Urls))}\n"
                + "Perhaps you already have a scheduler running? Choose another --port.", error);
        }
        catch (IOException)
        {
            ports.Dispose();
            throw;
        }
    }

    /// <summary>Serves HTTP on a free port instead of the one that was wanted.</summary>
    public void MoveHttp()
    {
        HttpPortInUse = Http[0].Port;
        foreach (Socket others in sockets.ExceptBy(CommEndpoints, s => (IPEndPoint)s.LocalEndPoint!).ToArray())
        {
            Take(others.LocalEndPoint!).Dispose();
        }
        Http = [.. BindAddress.ForHttp(":0").Select(Bind)];
    }

    /// <summary>The socket of an endpoint. Whoever takes it closes it.</summary>
    public Socket Take(EndPoint endpoint)
    {
        Socket taken = sockets.First(s => s.LocalEndPoint!.Equals(endpoint));
        sockets.Remove(taken);
        return taken;
    }

    /// <summary>Closes what nobody has taken.</summary>
    public void Dispose() => sockets.ForEach(s => s.Dispose());

    private IEnumerable<IPEndPoint> CommEndpoints => Comms.SelectMany(c => c.Endpoints);

    private void OpenHttp(IReadOnlyList<IPEndPoint> wanted)
    {
        Http = wanted;
        try
        {
            Http = [.. wanted.Select(e => CommEndpoints.Contains(e) ? e : Bind(e))];
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            MoveHttp();
        }
    }

    // A SocketException says that the address is in use.
    private IPEndPoint Bind(IPEndPoint endpoint)
    {
        try
        {
            Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            sockets.Add(socket);
            // Not before now is the port ours: another one may have been bound to it as well.
            socket.Listen(backlog);
            return (IPEndPoint)socket.LocalEndPoint!;
        }
        catch (SocketException error) when (error.SocketErrorCode != SocketError.AddressAlreadyInUse)
        {
            throw new IOException($"{error.Message}: {endpoint}", error);
        }
    }

    private static IEnumerable<string> Urls(BindAddress address) =>
        address.Endpoints.Select(e => $"{address.Protocol ?? address.HostScheme ?? "tcp"}://{e}");
}
