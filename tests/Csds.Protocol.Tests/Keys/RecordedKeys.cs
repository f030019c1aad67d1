using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Csds.Protocol.Tests.Keys;

/// <summary>What scripts/record/record_keys.py recorded: Python's text of keys, Dask's names for them.</summary>
internal static class RecordedKeys
{
    private static readonly JsonElement Root = Load();

    internal static IReadOnlyList<string> Releases { get; } =
        [.. Root.GetProperty("releases").EnumerateArray().Select(r => r.GetString()!)];

    internal static IReadOnlyList<RecordedKey> Rows { get; } =
        [.. Root.GetProperty("rows").EnumerateArray().Select(row => new RecordedKey(row))];

    /// <summary>
    /// Pairs of keys, and whether the first is less (-1), the second (1), or neither; null for a TypeError.
    /// </summary>
    internal static IEnumerable<(byte[] Left, byte[] Right, int? Order)> Pairs =>
        Root.GetProperty("pairs").EnumerateArray().Select(pair => (
            Convert.FromHexString(pair[0].GetString()!),
            Convert.FromHexString(pair[1].GetString()!),
            pair[2].ValueKind == JsonValueKind.Null ? (int?)null : pair[2].GetInt32()));

    /// <summary>
    /// Whether each character has a property of <c>str</c>, from the code points where the answer changes.
    /// </summary>
    internal static bool[] Characters(string property)
    {
        bool[] has = new bool[0x110000];
        int from = -1;
        foreach (JsonElement toggle in Root.GetProperty("characters").GetProperty(property).EnumerateArray())
        {
            if (from < 0)
            {
                from = toggle.GetInt32();
                continue;
            }
            has.AsSpan(from, toggle.GetInt32() - from).Fill(true);
            from = -1;
        }
        return has;
    }

    private static JsonElement Load([CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "recorded", "keys.json");
        return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
    }
}
