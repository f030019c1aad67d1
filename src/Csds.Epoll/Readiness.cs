namespace Csds.Epoll;

/// <summary>What a socket is watched for, and what it is ready for: the bits of Linux's <c>EPOLLIN</c> and so on.</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing. Errors and the end are told even so.</summary>
    None = 0,

    /// <summary>There is something to read, or the peer has ended its side.</summary>
    Input = 1,

    /// <summary>There is room to write.</summary>
    Output = 4,

    /// <summary>The connection is broken. Always told.</summary>
    Error = 8,

    /// <summary>Both sides have ended. Always told.</summary>
    HangUp = 16,

    /// <summary>The peer has ended its side; there may be something to read before that.</summary>
    PeerEnded = 0x2000,
}
