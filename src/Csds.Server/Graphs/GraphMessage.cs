using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What is read of an <c>update-graph*</c> message.</summary>
/// <param name="Update">What it says besides the graph.</param>
/// <param name="Graph">The graph; null if it takes Python to read it.</param>
public sealed record GraphMessage(GraphUpdate Update, GraphMaterialized? Graph);
