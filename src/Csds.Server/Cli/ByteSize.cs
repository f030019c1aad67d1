using System.Globalization;

namespace Csds.Server;

/// <summary>Sizes as users write them: Dask's <c>parse_bytes</c> (row E18).</summary>
public static class ByteSize
{
    private static readonly Dictionary<string, double> factors = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = 1,
        ["b"] = 1,
        ["kb"] = 1e3,
        ["mb"] = 1e6,
        ["gb"] = 1e9,
        ["tb"] = 1e12,
        ["pb"] = 1e15,
        ["k"] = 1e3,
        ["m"] = 1e6,
        ["g"] = 1e9,
        ["t"] = 1e12,
        ["p"] = 1e15,
        ["kib"] = 1024,
        ["mib"] = 1 << 20,
        ["gib"] = 1 << 30,
        ["tib"] = 1L << 40,
        ["pib"] = 1L << 50,
        ["ki"] = 1024,
        ["mi"] = 1 << 20,
        ["gi"] = 1 << 30,
        ["ti"] = 1L << 40,
        ["pi"] = 1L << 50,
    };

    /// <summary>Bytes of a text such as <c>64MiB</c>, <c>1.5 GB</c> or <c>100</c>; null if it is none.</summary>
    public static double? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string compact = text.Replace(" ", "", StringComparison.Ordinal);
        int digits = compact.Length;
        while (digits > 0 && char.IsAsciiLetter(compact[digits - 1]))
        {
            digits--;
        }
        string number = digits == 0 ? "1" : compact[..digits];
        return factors.TryGetValue(compact[digits..], out double factor)
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? Math.Truncate(value * factor)
            : null;
    }

    /// <summary>A number of bytes for people: Dask's <c>format_bytes</c>.</summary>
    public static string Format(long bytes)
    {
        foreach ((string unit, long size) in (ReadOnlySpan<(string, long)>)
            [("PiB", 1L << 50), ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("kiB", 1L << 10)])
        {
            if (bytes >= 0.9 * size)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / size:F2} {unit}");
            }
        }
        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }
}
