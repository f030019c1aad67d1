using System.Text.Json;

namespace Csds.Protocol.Tests.Keys;

/// <summary>One recorded key.</summary>
internal sealed class RecordedKey(JsonElement row)
{
    internal byte[] Token { get; } = Convert.FromHexString(row[0].GetString()!);

    internal string Text { get; } = row[1].GetString()!;

    /// <summary>A release's <c>key_split</c>; null where it raises.</summary>
    internal string? Prefix(string release) => Names(release, 2, 0);

    /// <summary>A release's <c>key_split_group</c>; null where it raises.</summary>
    internal string? Group(string release) => Names(release, 3, 1);

    private string? Names(string release, int column, int columnOfOthers) =>
        row.GetArrayLength() > 4 && row[4].TryGetProperty(release, out JsonElement other)
            ? other[columnOfOthers].GetString()
            : row[column].GetString();
}
