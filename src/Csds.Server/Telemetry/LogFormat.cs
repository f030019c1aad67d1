using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// How a line of the log is shown: a format of Python's <c>logging</c> with <c>%</c>, such as
/// <c>%(asctime)s - %(message)s</c>. What only a Python program has (its module, its threads) is empty.
/// </summary>
public sealed partial class LogFormat(string format)
{
    /// <summary>The format that Dask comes with.</summary>
    public static LogFormat Default { get; } = new("%(asctime)s - %(name)s - %(levelname)s - %(message)s");

    /// <summary>The line.</summary>
    public string Format(LogRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Field().Replace(format, match => match.Value == "%%" ? "%" : Padded(match, Value(record, match.Groups["name"].Value)));
    }

    private static string Value(LogRecord record, string name) => name switch
    {
        "asctime" => record.Created.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture),
        "created" => record.Time.ToString("F6", CultureInfo.InvariantCulture),
        "msecs" => record.Created.Millisecond.ToString(CultureInfo.InvariantCulture),
        "name" => record.Name,
        "levelname" => record.LevelName,
        "levelno" => LevelNumber(record.Level),
        "message" => record.Text,
        "process" => Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        _ => "",
    };

    private static string LevelNumber(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "10",
        LogLevel.Information => "20",
        LogLevel.Warning => "30",
        LogLevel.Error => "40",
        _ => "50",
    };

    private static string Padded(Match match, string value)
    {
        if (!int.TryParse(match.Groups["width"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int width))
        {
            return value;
        }
        return match.Groups["left"].Length > 0 ? value.PadRight(width) : value.PadLeft(width);
    }

    [GeneratedRegex(@"%%|%\((?<name>\w+)\)(?<left>-?)(?<width>\d*)(\.\d+)?[sdf]", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();
}
