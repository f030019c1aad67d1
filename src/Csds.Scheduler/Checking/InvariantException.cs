namespace Csds.Scheduler;

/// <summary>The state contradicts itself: we are wrong, not a peer.</summary>
public sealed class InvariantException(string message) : Exception(message);
