using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Makes a submitted graph flat and orders it.</summary>
public interface IGraphExpander
{
    /// <summary>Reads an <c>update-graph*</c> message of a client.</summary>
    /// <param name="message">The message.</param>
    /// <param name="client">The client's id.</param>
    /// <param name="mostTasks">A graph with more tasks is not read.</param>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    GraphMessage Read(Opaque message, string client, int mostTasks = int.MaxValue);

    /// <summary>Expands the graph in a message that has been read, and numbers and orders what is wanted.</summary>
    /// <exception cref="GraphExpansionException">The graph cannot be expanded; the client is told why.</exception>
    Task<GraphMaterialized> ExpandAsync(Opaque message, GraphMessage read, CancellationToken cancel);
}
