using System.Globalization;

namespace Csds.Scheduler;

/// <summary>Durations as users write them: Dask's <c>parse_timedelta</c> (row E18).</summary>
public static class TimeDelta
{
    private static readonly Dictionary<string, double> seconds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["s"] = 1,
        ["ms"] = 1e-3,
        ["us"] = 1e-6,
        ["ns"] = 1e-9,
        ["m"] = 60,
        ["h"] = 3600,
        ["d"] = 3600 * 24,
        ["w"] = 7 * 3600 * 24,
        ["second"] = 1,
        ["minute"] = 60,
        ["hour"] = 3600,
        ["day"] = 3600 * 24,
        ["week"] = 7 * 3600 * 24,
        ["millisecond"] = 1e-3,
        ["microsecond"] = 1e-6,
        ["nanosecond"] = 1e-9,
        ["seconds"] = 1,
        ["minutes"] = 60,
        ["hours"] = 3600,
        ["days"] = 3600 * 24,
        ["weeks"] = 7 * 3600 * 24,
        ["milliseconds"] = 1e-3,
        ["microseconds"] = 1e-6,
        ["nanoseconds"] = 1e-9,
    };

    /// <summary>Seconds of a text such as <c>3 minutes</c>, <c>300ms</c> or <c>1.5</c>; null if it is none.</summary>
    public static double? Parse(string text, string defaultUnit = "seconds")
    {
        ArgumentNullException.ThrowIfNull(text);
        string compact = text.Replace(" ", "", StringComparison.Ordinal);
        int digits = compact.Length;
        while (digits > 0 && char.IsAsciiLetter(compact[digits - 1]))
        {
            digits--;
        }
        string unit = digits == compact.Length ? defaultUnit : compact[digits..];
        string number = digits == 0 && compact.Length > 0 ? "1" : compact[..digits];
        return seconds.TryGetValue(unit, out double factor)
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value * factor
            : null;
    }

    /// <summary>A duration for people: Dask's <c>format_time</c>.</summary>
    public static string Format(double seconds)
    {
        string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        return seconds switch
        {
            > 24 * 3600 * 2 => Of($"{Math.Floor(seconds / 86400):F0}d {Math.Floor(seconds % 86400 / 3600):F0}hr"),
            > 3600 * 2 => Of($"{Math.Floor(seconds / 3600):F0}hr {Math.Floor(seconds % 3600 / 60):F0}m"),
            > 60 * 10 => Of($"{Math.Floor(seconds / 60):F0}m {Math.Floor(seconds % 60):F0}s"),
            >= 1 => Of($"{seconds:F2} s"),
            >= 1e-3 => Of($"{seconds * 1e3:F2} ms"),
            _ => Of($"{seconds * 1e6:F2} us"),
        };
    }
}
