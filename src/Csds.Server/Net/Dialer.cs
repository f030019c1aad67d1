using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Csds.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Connects to peers by their addresses, whatever the transport: Dask's connectors.</summary>
internal sealed class Dialer(ServerSettings settings, ILogger logger) : IDisposable
{
    private readonly SocketConnectionContextFactory sockets = new(new SocketConnectionFactoryOptions(), logger);

    /// <summary>Connects.</summary>
    /// <exception cref="IOException">The peer cannot be reached, or must not be.</exception>
    /// <exception cref="SocketException">The peer cannot be reached.</exception>
    internal async Task<ConnectionContext> DialAsync(CommAddress address, CancellationToken cancel)
    {
        bool encrypted = address.Scheme is "tls" or "wss";
        if (settings.RequireEncryption && !encrypted)
        {
            throw new IOException($"encryption required by Dask configuration, refusing communication from/to '{address}'");
        }
        if (encrypted && settings.Tls is null)
        {
            throw new IOException(TlsContext.Missing);
        }
        try
        {
            return address.Scheme switch
            {
                "tcp" => await ConnectAsync(address, cancel).ConfigureAwait(false),
                "tls" => await ConnectTlsAsync(address, settings.Tls!, cancel).ConfigureAwait(false),
                "ws" or "wss" => await ConnectWebSocketAsync(address, cancel).ConfigureAwait(false),
                _ => throw new IOException($"unknown address scheme '{address.Scheme}' (known schemes: ['tcp', 'tls', 'ws', 'wss'])"),
            };
        }
        catch (Exception error) when (error is AuthenticationException or WebSocketException)
        {
            throw new IOException($"{address}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => sockets.Dispose();

    private async Task<ConnectionContext> ConnectAsync(CommAddress address, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint endpoint = IPAddress.TryParse(address.Host, out IPAddress? ip)
                ? new IPEndPoint(ip, address.Port)
                : new DnsEndPoint(address.Host, address.Port);
            await socket.ConnectAsync(endpoint, cancel).ConfigureAwait(false);
            DeadPeers.Detect(socket, settings.TcpTimeout);
            return sockets.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<ConnectionContext> ConnectTlsAsync(CommAddress address, TlsContext tls, CancellationToken cancel)
    {
        ConnectionContext plain = await ConnectAsync(address, cancel).ConfigureAwait(false);
        try
        {
            return await TlsConnection.ConnectAsync(plain, tls, address.Host, cancel).ConfigureAwait(false);
        }
        catch
        {
            await plain.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<ConnectionContext> ConnectWebSocketAsync(CommAddress address, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (address.Scheme == "wss")
        {
            handler.SslOptions = settings.Tls!.ForClient(address.Host);
        }
        using var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new Uri($"{address}/"), invoker, cancel).ConfigureAwait(false);
            return new WebSocketConnection(socket, new DnsEndPoint(address.Host, address.Port), settings.FrameLimits);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
