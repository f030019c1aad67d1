using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// List scheduling by b-level: first the task with the longest path to an end of its graph, the task itself included.
/// </summary>
public sealed class BLevelPolicy : LevelPolicy
{
    /// <inheritdoc/>
    public override string Name => "b-level";

    /// <inheritdoc/>
    protected override int[] Levels(GraphMaterialized graph)
    {
        var levels = new int[graph.Count];
        Array.Fill(levels, -1);
        GraphLevels.VisitDependentsFirst(graph, (task, dependency) => levels[dependency] = Math.Min(levels[dependency], levels[task] - 1));
        return levels;
    }
}
