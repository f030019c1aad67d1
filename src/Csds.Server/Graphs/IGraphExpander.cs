using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Makes a submitted graph flat and orders it.</summary>
public interface IGraphExpander
{
    /// <summary>Expands the graph in an <c>update-graph*</c> message.</summary>
    /// <exception cref="GraphExpansionException">The graph cannot be expanded; the client is told why.</exception>
    Task<GraphMaterialized> ExpandAsync(Opaque message, GraphUpdate update, CancellationToken cancel);
}
