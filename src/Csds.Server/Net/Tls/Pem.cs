using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Csds.Server;

/// <summary>Certificates and keys in PEM format: in files, or as text with line ends (in Dask's configuration).</summary>
internal static class Pem
{
    /// <summary>The text that is meant.</summary>
    /// <exception cref="FormatException">The file cannot be read.</exception>
    internal static string Read(string fileOrText, string what)
    {
        if (IsText(fileOrText))
        {
            return fileOrText;
        }
        try
        {
            return File.ReadAllText(fileOrText);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"the TLS {what} cannot be read: {error.Message}");
        }
    }

    /// <summary>How to name it in a message: a text may be a secret.</summary>
    internal static string Name(string fileOrText) => IsText(fileOrText) ? "(in the configuration)" : fileOrText;

    /// <summary>A certificate with its key and with what leads from it to an authority.</summary>
    /// <param name="cert">File or text of the certificates; the first one is ours.</param>
    /// <param name="key">File or text of the key; null: it is with the certificates.</param>
    /// <exception cref="FormatException">One of them cannot be loaded.</exception>
    internal static SslStreamCertificateContext Certificate(string cert, string? key)
    {
        string certText = Read(cert, "certificate");
        string keyText = key is { Length: > 0 } ? Read(key, "key") : certText;
        return Load("certificate or key", cert, () =>
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certText);
            X509Certificate2 own = X509Certificate2.CreateFromPem(certText, keyText);
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        });
    }

    /// <summary>Runs what loads something, and says what it was if that fails.</summary>
    internal static T Load<T>(string what, string fileOrText, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new FormatException($"the TLS {what} {Name(fileOrText)} cannot be loaded: {error.Message}");
        }
    }

    internal static void Load(string what, string fileOrText, Action load) =>
        Load(what, fileOrText, () =>
        {
            load();
            return true;
        });

    private static bool IsText(string fileOrText) => fileOrText.Contains('\n', StringComparison.Ordinal);
}
