namespace Csds.Server;

/// <summary>A peer could not be connected to: an OSError in Python, while a connection that breaks is a CommClosedError.</summary>
public sealed class ConnectFailedException(string message, Exception cause) : IOException(message, cause);
