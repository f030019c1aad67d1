namespace Csds.Server;

/// <summary>The helper's process ended, by itself or because it was stopped, before it had answered.</summary>
/// <param name="message">What happened, for a user.</param>
/// <param name="untouched">True if the process had not even taken the request: another one may get it.</param>
public sealed class HelperLostException(string message, bool untouched) : HelperException(message)
{
    /// <summary>True if the process had not even taken the request: another one may get it.</summary>
    public bool Untouched { get; } = untouched;
}
