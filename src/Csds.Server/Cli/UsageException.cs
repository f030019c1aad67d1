namespace Csds.Server;

/// <summary>The command line makes no sense: reported with a hint at <c>--help</c>, and exit code 2, as click does.</summary>
public sealed class UsageException(string message) : Exception(message);
