using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What is read of an <c>update-graph*</c> message.</summary>
/// <param name="Update">What it says besides the graph.</param>
/// <param name="Graph">The graph; null if it takes Python to read it, or it has too many tasks.</param>
/// <param name="HasTooMany">Whether the graph has more tasks than were to be read.</param>
public sealed record GraphMessage(GraphUpdate Update, GraphMaterialized? Graph, bool HasTooMany = false);
