using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Client;

/// <summary>Makes random graphs, some of which share keys with earlier ones.</summary>
internal sealed class Workload(Profile profile, Randomness random)
{
    private static readonly ResourceRestrictions resource =
        new([new(World.Resource, 1)], Message.ToKey(new PythonDict().With(World.Resource, 1)).Token.ToArray());

    private readonly List<Submission> earlier = [];
    private int graphs;

    /// <summary>Keys of tasks that kill their worker.</summary>
    internal HashSet<Key> Killers { get; } = new(KeyComparer.Instance);

    /// <summary>Makes a graph, or gives an earlier one again.</summary>
    /// <param name="held">Keys that the client holds: the graph may depend on them.</param>
    internal Submission Next(IReadOnlyList<Key> held)
    {
        if (earlier.Count > 0 && random.Chance(0.2))
        {
            return random.Pick(earlier);
        }
        int count = random.Between(1, profile.GraphSize);
        string name = random.Pick(["alpha", "beta", "gamma"]);
        int graph = graphs++;
        Key[] keys = [.. Enumerable.Range(0, count).Select(i => MakeKey(name, graph, i))];
        Key[] external = held.Count > 0 && random.Chance(0.5) ? [random.Pick(held)] : [];
        var submission = new Submission(Materialize(keys, external, out bool[] isNeeded), []);
        Key[] wanted = [.. keys.Where((_, i) => !isNeeded[i] || random.Chance(0.2))];
        submission = new Submission(
            submission.Graph with { Requested = [.. wanted.Select(key => Array.IndexOf(keys, key))] }, wanted);
        Killers.UnionWith(keys.Where(_ => random.Chance(profile.KillerTasks)));
        earlier.Add(submission);
        return submission;
    }

    // 2022's keys are text only.
    private Key MakeKey(string name, int graph, int i) =>
        profile.Options.Dialect.TupleKeys && random.Chance(0.5)
            ? Message.ToKey(new List<object?> { $"{name}-{graph}", i })
            : Key.FromString($"{name}-{graph}-{i}");

    private GraphMaterialized Materialize(Key[] keys, Key[] external, out bool[] isNeeded)
    {
        isNeeded = new bool[keys.Length];
        var offsets = new List<int> { 0 };
        var dependencies = new List<int>();
        double density = random.Between(0, 3.0);
        for (int i = 0; i < keys.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (random.Chance(density / i))
                {
                    dependencies.Add(j);
                    isNeeded[j] = true;
                }
            }
            if (external.Length > 0 && random.Chance(0.2))
            {
                dependencies.Add(keys.Length);
            }
            offsets.Add(dependencies.Count);
        }
        return new GraphMaterialized
        {
            Keys = keys,
            External = external,
            DependencyOffsets = [.. offsets],
            Dependencies = [.. dependencies],
            RunSpecs = [.. keys.Select(_ => MakeRunSpec())],
            Flags = [.. keys.Select(_ => random.Chance(profile.DataProducers) ? GraphTaskFlags.DataProducer : GraphTaskFlags.None)],
            Annotations = [.. keys.Select(_ => random.Chance(profile.ResourceTasks) ? NeedsResource() : null)],
            Order = [.. Enumerable.Range(0, keys.Length)],
        };
    }

    private RunSpec MakeRunSpec()
    {
        if (profile.Options.Dialect.SplitRunSpecs)
        {
            return RunSpec.FromPacked(Payload.Serialized("code"u8.ToArray()));
        }
        byte[] frame = Payload.PickledFrame("code"u8);
        return RunSpec.FromPickle(frame, 0, frame.Length);
    }

    private static TaskAnnotations NeedsResource() => new() { Value = new Opaque(new byte[] { 0x80 }), Resources = resource };
}
