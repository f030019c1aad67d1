using System.Net.Sockets;

namespace Csds.Epoll;

/// <summary>Something with a socket that a <see cref="Poller"/> watches.</summary>
public interface IPolled
{
    /// <summary>The socket, which does not block.</summary>
    Socket Socket { get; }

    /// <summary>
    /// The socket is ready, and is told so again and again as long as it is. It may be a mistake: somebody else may have read
    /// what there was.
    /// </summary>
    void OnReady(Readiness ready);
}
