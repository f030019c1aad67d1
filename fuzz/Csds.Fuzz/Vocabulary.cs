using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>The keys and graphs that a live cluster has, and that made-up messages are about.</summary>
internal static class Vocabulary
{
    /// <summary>Keys of the graphs, of scattered data, and of nothing.</summary>
    internal static IReadOnlyList<object?> Keys { get; } =
        ["x", "y", "z", "u", "v", "s", new List<object?> { "t", 0L }, new List<object?> { "t", 1L }, "unknown", "x-1", 7L, null];

    /// <summary>What the first graph is submitted for.</summary>
    internal static List<object?> Wanted { get; } = ["y", "v", "u"];

    /// <summary>One of some graphs that share keys.</summary>
    internal static GraphMaterialized Graph(Dialect dialect, int number)
    {
        // x -> y -> z, u and v need y and each other, t is a pair of roots.
        Key[] all = [.. new object?[] { "x", "y", "z", "u", "v" }.Select(Message.ToKey)];
        if (dialect.TupleKeys)
        {
            all = [.. all, Message.ToKey(Keys[6]), Message.ToKey(Keys[7])];
        }
        int[][] dependencies = [[], [0], [1], [1, 0], [1, 3], [], []];
        int count = number % 3 == 0 ? all.Length : 2 + (number % 4);
        Key[] external = number % 2 == 0 ? [Key.FromString("s")] : [];
        var offsets = new List<int> { 0 };
        var needs = new List<int>();
        for (int i = 0; i < count; i++)
        {
            needs.AddRange(dependencies[i]);
            if (external.Length > 0 && i == 2)
            {
                needs.Add(count);
            }
            offsets.Add(needs.Count);
        }
        return new GraphMaterialized
        {
            Keys = all[..count],
            External = external,
            DependencyOffsets = [.. offsets],
            Dependencies = [.. needs],
            RunSpecs = [.. Enumerable.Range(0, count).Select(_ => MakeRunSpec(dialect))],
            Flags = new GraphTaskFlags[count],
            Annotations = new TaskAnnotations?[count],
            Order = [.. Enumerable.Range(0, count)],
            Requested = [count - 1],
        };
    }

    private static RunSpec MakeRunSpec(Dialect dialect)
    {
        if (dialect.SplitRunSpecs)
        {
            return RunSpec.FromPacked(Payload.Serialized("code"u8.ToArray()));
        }
        byte[] frame = Payload.PickledFrame("code"u8);
        return RunSpec.FromPickle(frame, 0, frame.Length);
    }
}
