using System.Globalization;

namespace Csds.Protocol;

/// <summary>
/// A release of distributed, as far as dialects depend on it: <c>2022.12.1+ds.1</c> is (2022, 12, 1).
/// </summary>
public readonly record struct DaskVersion(int Year, int Month, int Patch) : IComparable<DaskVersion>
{
    /// <summary>Reads the leading numbers of a version text; null if there are none.</summary>
    public static DaskVersion? TryParse(string? text)
    {
        if (text is null)
        {
            return null;
        }
        string[] parts = text.Split('+')[0].Split('.');
        return parts.Length >= 2 && Number(parts[0]) is int year && Number(parts[1]) is int month
            ? new DaskVersion(year, month, parts.Length > 2 ? Number(parts[2]) ?? 0 : 0)
            : null;
    }

    /// <inheritdoc/>
    public int CompareTo(DaskVersion other) =>
        Year != other.Year ? Year.CompareTo(other.Year)
        : Month != other.Month ? Month.CompareTo(other.Month)
        : Patch.CompareTo(other.Patch);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year}.{Month}.{Patch}");

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(DaskVersion left, DaskVersion right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(DaskVersion left, DaskVersion right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(DaskVersion left, DaskVersion right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(DaskVersion left, DaskVersion right) => left.CompareTo(right) >= 0;

    private static int? Number(string text)
    {
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }
        return int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : null;
    }
}
