using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>One line of the log.</summary>
/// <param name="Created">When.</param>
/// <param name="Name">The logger.</param>
/// <param name="Level">How loud.</param>
/// <param name="Text">The text, with the exception if there is one.</param>
public sealed record LogRecord(DateTimeOffset Created, string Name, LogLevel Level, string Text)
{
    /// <summary>Seconds since 1970.</summary>
    public double Time => (Created - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>The level's name in Python.</summary>
    public string LevelName => NameOf(Level);

    /// <summary>A level's name in Python.</summary>
    public static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        _ => "CRITICAL",
    };
}
