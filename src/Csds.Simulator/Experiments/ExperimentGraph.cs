using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Scheduler.Ordering;
using Csds.Simulator.Client;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Experiments;

/// <summary>
/// A graph by its name (<c>merge-1000</c>, <c>map-1000</c>, <c>tree-10</c>, <c>chain-100</c>, as in
/// <c>benchmarks/workloads.py</c>), or out of a file with a line for each task: <c>z: x y seconds=0.5 bytes=1000</c>.
/// </summary>
internal sealed class ExperimentGraph
{
    private readonly List<Key> keys = [];
    private readonly List<int[]> dependencies = [];

    /// <summary>Seconds that each task runs; null: drawn.</summary>
    internal List<double?> Seconds { get; } = [];

    /// <summary>Bytes of each result; null: as the settings say.</summary>
    internal List<long?> Bytes { get; } = [];

    /// <summary>Finds a graph.</summary>
    /// <exception cref="FormatException">There is none, or it makes no sense.</exception>
    internal static ExperimentGraph Read(string name)
    {
        if (File.Exists(name))
        {
            return Parse(File.ReadAllLines(name));
        }
        int dash = name.LastIndexOf('-');
        if (dash > 0 && int.TryParse(name[(dash + 1)..], CultureInfo.InvariantCulture, out int size) && size is > 0 and <= 1_000_000)
        {
            switch (name[..dash])
            {
                case "merge": return Merge(size);
                case "map": return Map(size);
                case "tree" when size < 20: return Tree(size);
                case "chain": return Chain(size);
            }
        }
        throw new FormatException($"neither a graph (merge-N, map-N, tree-E, chain-N) nor a file: {name}");
    }

    /// <summary>Reads a graph, of which everything is wanted that nothing depends on.</summary>
    /// <param name="lines">A task each, after all that it depends on; nothing, and what begins with #, is skipped.</param>
    internal static ExperimentGraph Parse(IEnumerable<string> lines)
    {
        var graph = new ExperimentGraph();
        var places = new Dictionary<string, int>();
        foreach (string line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            string[] words = line.Replace(':', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string? Setting(string name) => words.FirstOrDefault(w => w.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
            int Place(string word) => places.TryGetValue(word, out int place)
                ? place
                : throw new FormatException($"{words[0]} depends on {word}, which is not among the tasks before");

            int[] needed = [.. words.Skip(1).Where(w => !w.Contains('=', StringComparison.Ordinal)).Select(Place)];
            if (!places.TryAdd(words[0], graph.keys.Count))
            {
                throw new FormatException($"{words[0]} is there twice");
            }
            graph.Add(Key.FromString(words[0]), needed);
            graph.Seconds[^1] = Setting("seconds") is { } seconds ? double.Parse(seconds, CultureInfo.InvariantCulture) : null;
            graph.Bytes[^1] = Setting("bytes") is { } bytes ? long.Parse(bytes, CultureInfo.InvariantCulture) : null;
        }
        return graph.keys.Count > 0 ? graph : throw new FormatException("a graph without tasks");
    }

    /// <summary>The graph as a client submits it.</summary>
    internal Submission Submit()
    {
        var offsets = new int[keys.Count + 1];
        for (int i = 0; i < keys.Count; i++)
        {
            offsets[i + 1] = offsets[i] + dependencies[i].Length;
        }
        int[] all = [.. dependencies.SelectMany(d => d)];
        var needed = new HashSet<int>(all);
        int[] wanted = [.. Enumerable.Range(0, keys.Count).Where(i => !needed.Contains(i))];
        byte[] code = Payload.PickledFrame("code"u8);
        Key[] names = [.. keys];
        var graph = new GraphMaterialized
        {
            Keys = names,
            DependencyOffsets = offsets,
            Dependencies = all,
            RunSpecs = [.. keys.Select(_ => RunSpec.FromPickle(code, 0, code.Length))],
            Requested = wanted,
            Order = TaskOrder.Compute(Dialect.Newest.Version, new OrderGraph(offsets, all), names, []),
        };
        return new Submission(graph, [.. wanted.Select(i => names[i])]);
    }

    private static ExperimentGraph Merge(int count)
    {
        ExperimentGraph graph = Map(count);
        graph.Add("sum", [.. Enumerable.Range(0, count)]);
        return graph;
    }

    private static ExperimentGraph Map(int count)
    {
        var graph = new ExperimentGraph();
        for (int i = 0; i < count; i++)
        {
            graph.Add("map", []);
        }
        return graph;
    }

    private static ExperimentGraph Tree(int exponent)
    {
        var graph = new ExperimentGraph();
        var level = new List<int>();
        for (int i = 0; i < 1 << (exponent - 1); i++)
        {
            level.Add(graph.Add("add", []));
        }
        while (level.Count > 1)
        {
            level = [.. level.Chunk(2).Select(pair => graph.Add("add", pair))];
        }
        return graph;
    }

    private static ExperimentGraph Chain(int count)
    {
        var graph = new ExperimentGraph();
        for (int i = 0; i < count; i++)
        {
            graph.Add("chain", i == 0 ? [] : [i - 1]);
        }
        return graph;
    }

    private int Add(string name, int[] needed) => Add(Message.ToKey(new List<object?> { name, keys.Count }), needed);

    private int Add(Key key, int[] needed)
    {
        keys.Add(key);
        dependencies.Add(needed);
        Seconds.Add(null);
        Bytes.Add(null);
        return keys.Count - 1;
    }
}
