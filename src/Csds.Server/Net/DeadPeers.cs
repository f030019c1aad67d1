using System.Net.Sockets;

namespace Csds.Server;

/// <summary>Has the kernel notice peers that are gone without a word: Dask's <c>set_tcp_timeout</c> (row W5).</summary>
internal static class DeadPeers
{
    private const int Probes = 10;
    private const int TcpProtocol = 6;
    private const int TcpUserTimeout = 18; // since Linux 2.6.37

    /// <summary>Sets the options of a connected socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="timeout"><c>distributed.comm.timeouts.tcp</c>: how long a peer may be silent that should answer.</param>
    internal static void Detect(Socket socket, TimeSpan timeout)
    {
        int seconds = (int)timeout.TotalSeconds;
        int idle = Math.Max(2, seconds / 4);
        int interval = Math.Max(1, (seconds - idle) / Probes);
        idle = Math.Max(1, seconds - (interval * Probes));
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, idle);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, interval);
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(TcpProtocol, TcpUserTimeout, BitConverter.GetBytes(seconds * 1000));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The peer is gone already, which reading will tell.
        }
    }
}
