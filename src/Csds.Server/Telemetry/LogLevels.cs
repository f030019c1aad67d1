using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// From which level on each logger writes: the <c>logging</c> section of Dask's configuration (row E17), by names that
/// inherit from those they begin with, as in Python.
/// </summary>
public sealed class LogLevels
{
    // Everything of csds's own counts as a part of distributed.
    private const string Own = "Csds.";
    private const string Root = "distributed";

    private volatile Dictionary<string, LogLevel> levels = new()
    {
        [Root] = LogLevel.Information,
        ["Microsoft"] = LogLevel.Warning,
        // What keeps the server from starting is reported once, as one line.
        ["Microsoft.Extensions.Hosting"] = LogLevel.None,
    };

    /// <summary>Takes the levels of the configuration over: <c>distributed.logging</c>, else <c>logging</c>.</summary>
    /// <exception cref="FormatException">A level has no such name.</exception>
    public void Configure(Configuration config)
    {
        ArgumentNullException.ThrowIfNull(config);
        IReadOnlyDictionary<string, string> named = config.TextsBelow("distributed.logging");
        if (named.Count == 0)
        {
            named = config.TextsBelow("logging");
        }
        var configured = new Dictionary<string, LogLevel>(levels);
        foreach ((string path, string level) in named)
        {
            if (named.ContainsKey("version"))
            {
                // Python's dictConfig: what it says of levels is understood, its handlers are not.
                string[] parts = path.Split('.');
                if (parts[^1] == "level" && parts[0] is "loggers" or "root")
                {
                    configured[parts[0] == "root" ? Root : string.Join('.', parts[1..^1])] = Parse(level);
                }
            }
            else
            {
                configured[path] = Parse(level);
            }
        }
        levels = configured;
    }

    /// <summary>Whether a logger writes at a level.</summary>
    public bool IsEnabled(string? category, LogLevel level)
    {
        string name = category ?? Root;
        if (name.StartsWith(Own, StringComparison.Ordinal))
        {
            name = Root;
        }
        while (true)
        {
            if (levels.TryGetValue(name, out LogLevel lowest))
            {
                return level >= lowest;
            }
            int dot = name.LastIndexOf('.');
            if (dot < 0)
            {
                return level >= LogLevel.Warning;
            }
            name = name[..dot];
        }
    }

    private static LogLevel Parse(string level) => level.ToUpperInvariant() switch
    {
        "NOTSET" => LogLevel.Trace,
        "DEBUG" => LogLevel.Debug,
        "INFO" => LogLevel.Information,
        "WARN" or "WARNING" => LogLevel.Warning,
        "ERROR" => LogLevel.Error,
        "CRITICAL" or "FATAL" => LogLevel.Critical,
        string other when int.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => number switch
        {
            <= 10 => LogLevel.Debug,
            <= 20 => LogLevel.Information,
            <= 30 => LogLevel.Warning,
            <= 40 => LogLevel.Error,
            _ => LogLevel.Critical,
        },
        _ => throw new FormatException($"configuration: logging has an unknown level: {level}"),
    };
}
