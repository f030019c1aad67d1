namespace Csds.Simulator.Checking;

/// <summary>Something has happened that must never happen.</summary>
public sealed class SafetyException(string message) : Exception(message);
