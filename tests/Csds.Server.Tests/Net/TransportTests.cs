using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Csds.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests;

/// <summary>Comms over TLS and websockets, both ends of them ours.</summary>
public sealed class TransportTests
{
    private static readonly X509Certificate2 authority = MakeAuthority("authority");

    [Theory]
    [InlineData("tcp")]
    [InlineData("tls")]
    [InlineData("ws")]
    [InlineData("wss")]
    [InlineData("tcp", false)]
    [InlineData("tls", false)]
    public async Task Small_and_large_messages_come_through(string scheme, bool epoll = true)
    {
        ServerSettings settings = Settings(Signed(), epoll);
        await using TestServer server = await StartAsync(scheme, settings);
        await using var pool = new CommPool(settings, NullLoggerFactory.Instance);
        foreach (int size in (int[])[1, 100_000, 3_000_000])
        {
            using FrameGroup answer = await pool.CallAsync($"{scheme}://127.0.0.1:{server.Port}", Echo(size), TestContext.Current.CancellationToken);
            Assert.Equal(size, new MessageReader(answer).ReadBytes().Length);
        }
        await server.AssertHttpAliveAsync();
    }

    [Fact]
    public async Task Strangers_are_refused()
    {
        await using TestServer server = await StartAsync("tls", Settings(Signed()));
        X509Certificate2 stranger = MakeAuthority("stranger");
        await Assert.ThrowsAnyAsync<IOException>(() => CallAsync(server, "tls", Settings(Pem(stranger))));
        await Assert.ThrowsAnyAsync<IOException>(() => CallAsync(server, "tcp", Settings(Signed())));
        await CallAsync(server, "tls", Settings(Signed()));
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_trusted()
    {
        string stranger = Pem(MakeAuthority("stranger"));
        // It would trust us, but we do not trust it.
        var untrusted = new ServerSettings { Tls = TlsContext.Load(new TlsSettings(authority.ExportCertificatePem() + "\n", stranger, null, Any, null)) };
        await using TestServer server = await StartAsync("tls", untrusted);
        await Assert.ThrowsAnyAsync<IOException>(() => CallAsync(server, "tls", Settings(Signed())));
    }

    [Fact]
    public async Task Without_certificates_nothing_encrypted_is_called()
    {
        await using TestServer server = await StartAsync("tcp", new ServerSettings());
        await Assert.ThrowsAnyAsync<IOException>(() => CallAsync(server, "tls", new ServerSettings()));
        await Assert.ThrowsAnyAsync<IOException>(() => CallAsync(server, "tcp", new ServerSettings { RequireEncryption = true }));
    }

    [Fact]
    public async Task Bad_websockets_are_closed_and_everything_else_goes_on()
    {
        await using TestServer server = await StartAsync("ws", Settings(Signed()));
        foreach (byte[] message in (byte[][])[[], [1, 2, 3], [0, 0, 0, 0, 0, 0, 0, 0], [255, 255, 255, 255, 255, 255, 255, 255]])
        {
            using var socket = new ClientWebSocket();
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/"), TestContext.Current.CancellationToken);
            await socket.SendAsync(message, WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
            await AssertClosedAsync(socket);
        }
        await CallAsync(server, "ws", Settings(Signed()));
    }

    [Fact]
    public void Files_that_are_wrong_are_named()
    {
        string missing = "/no/such/file.pem";
        FormatException error = Assert.Throws<FormatException>(() => TlsContext.Load(new TlsSettings(missing, missing, null, Any, null)));
        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => TlsContext.Load(new TlsSettings("no\ncertificate", Signed(), null, Any, null)));
        Assert.Throws<FormatException>(() => TlsContext.Load(new TlsSettings(authority.ExportCertificatePem() + "\n", "no\nkey", null, Any, null)));
    }

    private const SslProtocols Any = SslProtocols.Tls12 | SslProtocols.Tls13;

    private static Task<TestServer> StartAsync(string scheme, ServerSettings settings) => TestServer.StartAsync(
        settings: settings, scheme: scheme);

    private static async Task CallAsync(TestServer server, string scheme, ServerSettings settings)
    {
        await using var pool = new CommPool(settings, NullLoggerFactory.Instance);
        using FrameGroup answer = await pool.CallAsync($"{scheme}://127.0.0.1:{server.Port}", Echo(10), TestContext.Current.CancellationToken);
        Assert.Equal(10, new MessageReader(answer).ReadBytes().Length);
    }

    private static async Task AssertClosedAsync(ClientWebSocket socket)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        byte[] buffer = new byte[4096];
        try
        {
            while ((await socket.ReceiveAsync(buffer, timeout.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // Closed without a word, which is as good.
        }
    }

    private static MessageBatch Echo(int size)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(3);
        w.Field("op"u8, "echo"u8);
        w.Field("reply"u8, true);
        w.Text("data"u8);
        w.Bytes(new byte[size]);
        w.End();
        return request;
    }

    private static ServerSettings Settings(string certificate, bool epoll = true) => new()
    {
        UseEpoll = epoll,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        Tls = TlsContext.Load(new TlsSettings(authority.ExportCertificatePem() + "\n", certificate, null, Any, null)),
    };

    private static X509Certificate2 MakeAuthority(string name)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    private static string Signed()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=peer", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.Create(
            authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(20), [1, 2, 3, 4]);
        using X509Certificate2 withKey = certificate.CopyWithPrivateKey(key);
        return Pem(withKey);
    }

    private static string Pem(X509Certificate2 certificate) =>
        certificate.ExportCertificatePem() + "\n" + certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n";
}
