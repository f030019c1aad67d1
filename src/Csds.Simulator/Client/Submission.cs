using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Simulator.Client;

/// <summary>A graph on its way: what the client says, and what its expansion will give.</summary>
internal sealed record Submission(GraphMaterialized Graph, Key[] Wanted)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", Enumerable.Range(0, Graph.Count).Select(i =>
        $"{Graph.Keys[i]}: {string.Join(' ', Graph.DependenciesOf(i).ToArray().Select(Graph.KeyOf))}"));
}
