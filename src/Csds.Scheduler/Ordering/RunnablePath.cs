namespace Csds.Scheduler.Ordering;

/// <summary>A path through the graph by its last node; branches share their beginning.</summary>
internal sealed class RunnablePath(int node, RunnablePath? previous)
{
    internal int Node { get; } = node;

    internal RunnablePath? Previous { get; } = previous;

    internal int Length { get; } = previous is null ? 1 : previous.Length + 1;

    /// <summary>Puts the nodes into <paramref name="nodes"/>, the first one first.</summary>
    internal void CopyTo(List<int> nodes)
    {
        nodes.Clear();
        for (RunnablePath? path = this; path is not null; path = path.Previous)
        {
            nodes.Add(path.Node);
        }
        nodes.Reverse();
    }
}
