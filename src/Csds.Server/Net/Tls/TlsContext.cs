using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Csds.Server;

/// <summary>
/// How TLS is spoken here (row W6), as Dask's <c>Security</c> says for the scheduler: both sides show a certificate that
/// the cluster's own authority has signed; host names mean nothing.
/// </summary>
public sealed class TlsContext
{
    /// <summary>What Dask says when an encrypted address is used without certificates.</summary>
    public const string Missing = "TLS expects a `ssl_context` argument of type ssl.SSLContext "
        + "(perhaps check your TLS configuration?) Instead got None";

    private readonly X509Certificate2Collection authorities;
    private readonly SslStreamCertificateContext certificate;
    private readonly SslProtocols protocols;
    private readonly CipherSuitesPolicy? ciphers;

    private TlsContext(
        X509Certificate2Collection authorities, SslStreamCertificateContext certificate, SslProtocols protocols, CipherSuitesPolicy? ciphers)
    {
        this.authorities = authorities;
        this.certificate = certificate;
        this.protocols = protocols;
        this.ciphers = ciphers;
    }

    /// <summary>Loads what the settings name.</summary>
    /// <param name="settings">Files or texts in PEM format.</param>
    /// <exception cref="FormatException">Something cannot be loaded; the message says what.</exception>
    public static TlsContext Load(TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var authorities = new X509Certificate2Collection();
        string ca = Pem.Read(settings.CaFile, "CA file");
        Pem.Load("CA file", settings.CaFile, () => authorities.ImportFromPem(ca));
        if (authorities.Count == 0)
        {
            throw new FormatException($"the TLS CA file {Pem.Name(settings.CaFile)} has no certificate");
        }
        CipherSuitesPolicy? ciphers = null;
        if (settings.Ciphers is { } suites)
        {
            // Windows chooses for the whole machine.
            ciphers = OperatingSystem.IsWindows()
                ? throw new FormatException("distributed.comm.tls.ciphers is not supported on Windows")
                : new CipherSuitesPolicy(suites.Select(s => (TlsCipherSuite)s));
        }
        return new TlsContext(authorities, Pem.Certificate(settings.Cert, settings.Key), settings.Protocols, ciphers);
    }

    /// <summary>What a listener demands of the peers that connect.</summary>
    /// <param name="rejected">Told why a peer's certificate is not accepted.</param>
    public SslServerAuthenticationOptions ForServer(Action<string>? rejected = null) => new()
    {
        ServerCertificateContext = certificate,
        ClientCertificateRequired = true,
        EnabledSslProtocols = protocols,
        CipherSuitesPolicy = ciphers,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (_, peer, chain, errors) => Accept(peer, chain, errors, rejected),
        AllowRenegotiation = false,
    };

    /// <summary>What is demanded of a peer that is called.</summary>
    /// <param name="host">Its host, for proxies that route by name.</param>
    /// <param name="rejected">Told why the peer's certificate is not accepted.</param>
    public SslClientAuthenticationOptions ForClient(string host, Action<string>? rejected = null) => new()
    {
        TargetHost = host,
        ClientCertificateContext = certificate,
        EnabledSslProtocols = protocols,
        CipherSuitesPolicy = ciphers,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (_, peer, chain, errors) => Accept(peer, chain, errors, rejected),
        AllowRenegotiation = false,
    };

    private X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private bool Accept(X509Certificate? peer, X509Chain? chain, SslPolicyErrors errors, Action<string>? rejected)
    {
        string? reason = null;
        if (peer is null)
        {
            reason = "peer did not return a certificate";
        }
        else if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && !EndsInAuthority(chain))
        {
            reason = "certificate verify failed: "
                + string.Join(", ", chain?.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct() ?? []);
        }
        if (reason is not null)
        {
            rejected?.Invoke(reason);
        }
        return reason is null;
    }

    // What the CA file names is trusted, be it a root or not.
    private bool EndsInAuthority(X509Chain? chain) =>
        chain is { ChainElements.Count: > 0 }
        && chain.ChainStatus.All(s => s.Status is X509ChainStatusFlags.PartialChain)
        && authorities.Any(a => a.RawDataMemory.Span.SequenceEqual(chain.ChainElements[^1].Certificate.RawDataMemory.Span));
}
