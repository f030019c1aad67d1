using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// List scheduling by t-level: first the task with the shortest longest path from a beginning of its graph, the task itself
/// included; the graph is run layer by layer.
/// </summary>
public sealed class TLevelPolicy : LevelPolicy
{
    /// <inheritdoc/>
    public override string Name => "t-level";

    /// <inheritdoc/>
    protected override int[] Levels(GraphMaterialized graph)
    {
        var levels = new int[graph.Count];
        Array.Fill(levels, 1);
        GraphLevels.VisitDependenciesFirst(graph, (task, dependency) => levels[task] = Math.Max(levels[task], levels[dependency] + 1));
        return levels;
    }
}
