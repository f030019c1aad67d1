namespace Csds.Protocol;

/// <summary>
/// A peer sent bytes that break Dask's protocol. The connection it came from is closed; nothing else is disturbed.
/// </summary>
public sealed class ProtocolException : Exception
{
    /// <summary>Creates the exception; <paramref name="message"/> says what was wrong, for one log line.</summary>
    public ProtocolException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception around the decoder's own error.</summary>
    public ProtocolException(string message, Exception inner) : base(message, inner)
    {
    }
}
