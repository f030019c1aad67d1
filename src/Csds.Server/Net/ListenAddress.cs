using System.Net;

namespace Csds.Server;

/// <summary>Where comms are accepted and what is spoken there: an open port, and what the configuration has settled of it.</summary>
/// <param name="Scheme"><c>tcp</c>, <c>tls</c>, <c>ws</c> or <c>wss</c>.</param>
/// <param name="Endpoints">Local endpoints.</param>
/// <param name="ContactHost">Host part of the contact address.</param>
public sealed record ListenAddress(string Scheme, IReadOnlyList<IPEndPoint> Endpoints, string ContactHost)
{
    private static readonly string[] schemes = ["tcp", "tls", "ws", "wss"];

    /// <summary>Whether what is said here is encrypted.</summary>
    public bool Encrypted => Scheme is "tls" or "wss";

    /// <summary>Whether comms are websockets.</summary>
    public bool WebSockets => Scheme is "ws" or "wss";

    /// <summary>Works out what is spoken at an address of the command line, as Dask's <c>address_from_user_args</c>.</summary>
    /// <param name="address">The address.</param>
    /// <param name="requireEncryption">Whether only encrypted comms are allowed.</param>
    /// <param name="defaultScheme"><c>distributed.comm.default-scheme</c>.</param>
    /// <exception cref="FormatException">They make no sense, with a message for the user.</exception>
    public static ListenAddress For(BindAddress address, bool requireEncryption, string defaultScheme)
    {
        ArgumentNullException.ThrowIfNull(address);
        string scheme = address.Protocol ?? (requireEncryption ? "tls" : null) ?? address.HostScheme ?? defaultScheme;
        if (!schemes.Contains(scheme))
        {
            throw new FormatException($"unknown address scheme '{scheme}' (known schemes: ['{string.Join("', '", schemes)}'])");
        }
        var speaking = new ListenAddress(scheme, address.Endpoints, address.ContactHost);
        return !requireEncryption || speaking.Encrypted
            ? speaking
            : throw new FormatException(
                "encryption required by Dask configuration, refusing communication from/to "
                + $"'{scheme}://{address.Host}:{address.Endpoints[0].Port}'");
    }
}
