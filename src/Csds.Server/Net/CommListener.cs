using System.Net.Sockets;
using System.Security.Authentication;
using Csds.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Accepts comms: Kestrel hands every connection on the scheduler's ports to this.</summary>
public sealed partial class CommListener(CommServer server, ServerSettings settings, ILoggerFactory loggers)
{
    private readonly ILogger log = loggers.CreateLogger("distributed.comm.tcp");

    /// <summary>Serves a TCP connection until it ends, with TLS over it if the address says so.</summary>
    public async Task AcceptAsync(ConnectionContext connection, ListenAddress address)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(address);
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
        {
            DeadPeers.Detect(socket, settings.TcpTimeout);
        }
        ConnectionContext? transport = address.Encrypted ? await SecureAsync(connection).ConfigureAwait(false) : connection;
        if (transport is null)
        {
            return;
        }
        await using var comm = new Connection(transport, settings);
        await server.ServeAsync(comm).ConfigureAwait(false);
    }

    /// <summary>Serves a websocket until it ends.</summary>
    public async Task AcceptAsync(HttpContext request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var socket = await request.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        var remote = new System.Net.IPEndPoint(request.Connection.RemoteIpAddress ?? System.Net.IPAddress.None, request.Connection.RemotePort);
        await using var comm = new Connection(new WebSocketConnection(socket, remote, settings.FrameLimits), settings);
        await server.ServeAsync(comm).ConfigureAwait(false);
    }

    private async Task<ConnectionContext?> SecureAsync(ConnectionContext connection)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        timeout.CancelAfter(settings.ConnectTimeout);
        try
        {
            return await TlsConnection.AcceptAsync(connection, settings.Tls!, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is AuthenticationException or OperationCanceledException)
        {
            LogHandshake(log, settings.Address, $"tls://{connection.RemoteEndPoint}", error.Message);
            return null;
        }
    }

    [LoggerMessage(EventId = 15, Level = LogLevel.Warning, Message =
        "Listener on '{Address}': TLS handshake failed with remote '{Remote}': {Reason}")]
    private static partial void LogHandshake(ILogger logger, string address, string remote, string reason);
}
