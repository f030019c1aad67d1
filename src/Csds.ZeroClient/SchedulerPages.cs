using System.Globalization;
using System.Text.Json;

namespace Csds.ZeroClient;

/// <summary>What the scheduler says of itself over HTTP.</summary>
internal sealed class SchedulerPages(string? address) : IDisposable
{
    private const string LongestTurn = "dask_scheduler_tick_duration_maximum_seconds ";

    private readonly HttpClient http = new();

    /// <summary>The longest turn since this was last asked, in seconds; null if there is no such page or line.</summary>
    public double? TakeLongestTurn()
    {
        string? line = Get("/metrics")?.Split('\n').FirstOrDefault(l => l.StartsWith(LongestTurn, StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[LongestTurn.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>Tasks that it knows.</summary>
    public long? CountTasks() =>
        Get("/json/counts.json") is { } text ? JsonDocument.Parse(text).RootElement.GetProperty("tasks").GetInt64() : null;

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private string? Get(string path)
    {
        if (address is null)
        {
            return null;
        }
        using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, address + path));
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        return answer.IsSuccessStatusCode ? reader.ReadToEnd() : null;
    }
}
