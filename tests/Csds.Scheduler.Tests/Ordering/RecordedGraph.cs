using System.Runtime.CompilerServices;
using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler.Ordering;

namespace Csds.Scheduler.Tests.Ordering;

/// <summary>A graph with the orders that scripts/record/record_orders.py recorded for it.</summary>
internal sealed class RecordedGraph
{
    private readonly JsonElement orders;
    private readonly int[][] dependencies;
    private readonly bool[] isData;
    private readonly HashSet<string> stable;

    private RecordedGraph(JsonElement root)
    {
        Name = root.GetProperty("name").GetString()!;
        Key[] keys = [.. root.GetProperty("keys").EnumerateArray().Select(k => new Key(TestTokens.FromJson(k)))];
        dependencies = [.. root.GetProperty("deps").EnumerateArray().Select(Numbers)];
        External = keys[^root.GetProperty("external").GetInt32()..];
        Keys = keys[..dependencies.Length];
        isData = new bool[dependencies.Length];
        foreach (JsonElement index in root.GetProperty("data").EnumerateArray())
        {
            isData[index.GetInt32()] = true;
        }
        orders = root.GetProperty("orders");
        stable = root.TryGetProperty("stable", out JsonElement releases)
            ? [.. releases.EnumerateArray().Select(release => release.GetString()!)]
            : [];
    }

    internal string Name { get; }

    internal Key[] Keys { get; }

    internal Key[] External { get; }

    internal static IEnumerable<RecordedGraph> Load(string kind) => Lines(kind).Select(line => new RecordedGraph(line));

    internal static IEnumerable<JsonElement> Lines(string kind, [CallerFilePath] string here = "") =>
        File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "recorded", $"{kind}.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement);

    internal static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];

    /// <summary>Whether a release gave this order, unmodified, with every hash seed that was tried.</summary>
    internal bool IsStable(string release) => stable.Contains(release);

    /// <summary>A release's order.</summary>
    internal int[] Order(string release)
    {
        JsonElement order = orders.GetProperty(release);
        // Instead of an order there may be the name of another release with the same.
        return Numbers(order.ValueKind == JsonValueKind.String ? orders.GetProperty(order.GetString()!) : order);
    }

    internal OrderGraph ToGraph() => TestGraphs.Create(dependencies, External.Length, isData);
}
