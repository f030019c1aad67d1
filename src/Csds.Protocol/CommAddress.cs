using System.Globalization;

namespace Csds.Protocol;

/// <summary>
/// A comm address as Dask writes it: <c>tcp://10.0.0.1:8786</c> (row W1). Mirrors <c>distributed.comm.addressing</c>.
/// </summary>
/// <param name="Scheme"><c>tcp</c>, <c>tls</c>, ...</param>
/// <param name="Host">Host name or IP address, an IPv6 address without brackets.</param>
/// <param name="Port">Port, 0 where none is given.</param>
public readonly record struct CommAddress(string Scheme, string Host, int Port)
{
    /// <summary>Parses <c>scheme://host:port</c>; a missing scheme is <paramref name="defaultScheme"/>.</summary>
    /// <exception cref="FormatException">The text is no address, with Dask's wording.</exception>
    public static CommAddress Parse(string text, string defaultScheme = "tcp", int? defaultPort = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        int separator = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = separator < 0 ? defaultScheme : text[..separator];
        string location = separator < 0 ? text : text[(separator + 3)..];
        (string host, int? port) = Split(location);
        return new CommAddress(scheme, host, port ?? defaultPort ?? throw new FormatException($"missing port number in address '{location}'"));
    }

    /// <summary>Parses, answering false instead of throwing.</summary>
    public static bool TryParse(string text, out CommAddress address)
    {
        try
        {
            address = Parse(text);
            return true;
        }
        catch (FormatException)
        {
            address = default;
            return false;
        }
    }

    /// <summary>The host part of an address, as <c>get_address_host</c>; the text itself if it is none.</summary>
    public static string HostOf(string address) => TryParse(address, out CommAddress parsed) ? parsed.Host : address;

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"{Scheme}://[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host}:{Port}");

    private static (string Host, int? Port) Split(string location)
    {
        string host = location;
        string? port = null;
        if (location.StartsWith('['))
        {
            int end = location.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
            {
                throw new FormatException($"invalid address '{location}'");
            }
            host = location[1..end];
            string rest = location[(end + 1)..];
            if (rest.Length > 0 && rest[0] != ':')
            {
                throw new FormatException($"invalid address '{location}'");
            }
            port = rest.Length > 0 ? rest[1..] : null;
        }
        else if (location.LastIndexOf(':') is >= 0 and int colon)
        {
            if (location.IndexOf(':', StringComparison.Ordinal) != colon)
            {
                throw new FormatException($"invalid address '{location}': IPv6 addresses need brackets");
            }
            host = location[..colon];
            port = location[(colon + 1)..];
        }
        if (string.IsNullOrEmpty(port))
        {
            return (host, null);
        }
        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? (host, number)
            : throw new FormatException($"invalid port in address '{location}'");
    }
}
