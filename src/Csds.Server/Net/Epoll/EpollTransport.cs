using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Csds.Epoll;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Kestrel's transport for the ports of comms, where Linux's epoll is to be had: one thread waits for all connections, receives, and
/// runs what follows. Everywhere else, and for HTTP, Kestrel uses its own. See ADR 0019.
/// </summary>
/// <param name="ports">The open ports.</param>
/// <param name="comms">Those that are for comms.</param>
/// <param name="backlog">Connections that may wait to be accepted.</param>
/// <param name="logger">For what goes wrong.</param>
internal sealed partial class EpollTransport(BoundPorts ports, IReadOnlyCollection<EndPoint> comms, int backlog, ILogger<EpollTransport> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>How long nothing is accepted after that has failed: for want of files it would fail again at once.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(10);

    private static readonly Lazy<Poller> poller = new(Start);

    /// <summary>Whether this system has it.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux();

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => comms.Contains(endpoint);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket = ports.Take(endpoint);
        socket.Listen(backlog); // The port is open already, with the default.
        return ValueTask.FromResult<IConnectionListener>(new Listener(socket, logger));
    }

    // It serves the whole process until that ends, as .NET's own does.
    private static Poller Start()
    {
        var created = new Poller();
        var thread = new Thread(() => Run(created)) { IsBackground = true, Name = "epoll" };
        thread.Start();
        return created;
    }

    private static void Run(Poller poller)
    {
        var round = new ReceiveRound();
        Action<int> wait = poller.Wait;
        while (true)
        {
            round.Run(wait);
        }
    }

    [LoggerMessage(EventId = 17, Level = LogLevel.Warning, Message = "A connection to {Address} could not be accepted: {Reason}")]
    private static partial void LogNotAccepted(ILogger logger, EndPoint address, string reason);

    private sealed class Listener(Socket socket, ILogger logger) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                    accepted.NoDelay = true;
                    return new EpollConnection(accepted, poller.Value, logger);
                }
                catch (SocketException error) when (error.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
                {
                    return null;
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (Win32Exception error)
                {
                    // It is gone again already, or there is no room for it now.
                    accepted?.Dispose();
                    LogNotAccepted(logger, EndPoint, error.Message);
                    await Task.Delay(patience, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
