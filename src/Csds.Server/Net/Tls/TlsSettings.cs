using System.Security.Authentication;

namespace Csds.Server;

/// <summary>What Dask's <c>Security</c> says for the role of the scheduler.</summary>
/// <param name="CaFile">Certificates of the authorities: a file, or the PEM text itself.</param>
/// <param name="Cert">The scheduler's certificate, and behind it those that lead to the authority.</param>
/// <param name="Key">Its private key; null: it is with the certificate.</param>
/// <param name="Protocols">Allowed versions of TLS.</param>
/// <param name="Ciphers">Numbers of the allowed cipher suites; null: the usual ones.</param>
public sealed record TlsSettings(string CaFile, string Cert, string? Key, SslProtocols Protocols, IReadOnlyList<int>? Ciphers)
{
    private const string Tls = "distributed.comm.tls.";

    /// <summary>
    /// Reads <c>distributed.comm.tls</c> and the command line; null if there is no authority or no certificate: then
    /// TLS cannot be spoken.
    /// </summary>
    /// <exception cref="FormatException">A version is none.</exception>
    public static TlsSettings? Read(Configuration config, SchedulerArguments arguments, IReadOnlyList<int>? ciphers)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arguments);
        SslProtocols protocols = Versions(config);
        return (arguments.TlsCaFile ?? config.Text(Tls + "ca-file")) is { Length: > 0 } ca
            && (arguments.TlsCert ?? config.Text(Tls + "scheduler.cert")) is { Length: > 0 } cert
            ? new TlsSettings(ca, cert, arguments.TlsKey ?? config.Text(Tls + "scheduler.key"), protocols, ciphers)
            : null;
    }

    private static SslProtocols Versions(Configuration config)
    {
        double lowest = Version(config, "min-version") ?? 1.2;
        double highest = Version(config, "max-version") ?? 1.3;
        return (lowest, highest) switch
        {
            (1.2, 1.3) => SslProtocols.Tls12 | SslProtocols.Tls13,
            (1.2, 1.2) => SslProtocols.Tls12,
            (1.3, 1.3) => SslProtocols.Tls13,
            _ => throw new FormatException($"{Tls}min-version={lowest} is above {Tls}max-version={highest}"),
        };
    }

    private static double? Version(Configuration config, string name) => config.Text(Tls + name) switch
    {
        null => null,
        "1.2" => 1.2,
        "1.3" => 1.3,
        string other => throw new FormatException($"{Tls}{name}={other} is not supported, expected one of [None, 1.2, 1.3]"),
    };
}
