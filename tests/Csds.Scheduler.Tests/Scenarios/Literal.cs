using System.Globalization;
using System.Text;
using System.Text.Json;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>Values as transcripts write them.</summary>
internal static class Literal
{
    /// <summary>JSON, a key, <c>&lt;what is pickled&gt;</c>, or text.</summary>
    internal static object? Parse(string text) => text[0] switch
    {
        '(' => Command.ParseKey(text),
        '<' => Payload.Serialized(Encoding.ASCII.GetBytes(text[1..^1])),
        _ when text is "None" => null,
        _ when text is "True" or "False" => text is "True",
        '[' or '{' => FromJson(JsonDocument.Parse(text).RootElement),
        _ when long.TryParse(text, CultureInfo.InvariantCulture, out long whole) => whole,
        _ when double.TryParse(text, CultureInfo.InvariantCulture, out double number) => number,
        _ => text,
    };

    private static object? FromJson(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.TryGetInt64(out long number) ? (object)number : element.GetDouble(),
        JsonValueKind.Array => element.EnumerateArray().Select(FromJson).ToList(),
        JsonValueKind.Object => element.EnumerateObject()
            .Aggregate(new PythonDict(), (dict, entry) => dict.With(entry.Name, FromJson(entry.Value))),
        _ => Parse(element.GetString()!),
    };
}
