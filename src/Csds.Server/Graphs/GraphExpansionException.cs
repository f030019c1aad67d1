using Csds.Scheduler;

namespace Csds.Server;

/// <summary>A graph could not be expanded.</summary>
/// <param name="failure">What the client is told.</param>
public sealed class GraphExpansionException(Failure failure) : Exception(failure.ExceptionText)
{
    /// <summary>What the client is told.</summary>
    public Failure Failure { get; } = failure;
}
