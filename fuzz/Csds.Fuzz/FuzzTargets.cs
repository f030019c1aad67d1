namespace Csds.Fuzz;

/// <summary>The targets by name.</summary>
public static class FuzzTargets
{
    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new Dictionary<string, FuzzTarget>
    {
        ["frames"] = FrameTarget.Run,
        ["messages"] = MessageTarget.Run,
        ["layers"] = LayerTarget.Run,
        ["inbox"] = InboxTarget.Run,
    };
}
