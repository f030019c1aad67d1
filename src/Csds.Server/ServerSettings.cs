using System.Net.Security;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Settings of the server around the core.</summary>
public sealed record ServerSettings
{
    private const string Comm = "distributed.comm.";

    /// <summary><c>distributed.comm.timeouts.connect</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>distributed.comm.timeouts.tcp</c>: how long a peer may be silent that should answer.</summary>
    public TimeSpan TcpTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>distributed.comm.socket-backlog</c>: connections that may wait to be accepted.</summary>
    public int SocketBacklog { get; init; } = 2048;

    /// <summary>Whether comms go through our own loop over Linux's epoll; else through Kestrel's sockets (ADR 0019).</summary>
    public bool UseEpoll { get; init; } = EpollTransport.IsSupported;

    /// <summary><c>distributed.comm.default-scheme</c>.</summary>
    public string DefaultScheme { get; init; } = "tcp";

    /// <summary><c>distributed.comm.require-encryption</c>; null there: whether the command line says anything of TLS.</summary>
    public bool RequireEncryption { get; init; }

    /// <summary><c>distributed.comm.tls</c>; null: TLS cannot be spoken.</summary>
    public TlsContext? Tls { get; init; }

    /// <summary><c>distributed.scheduler.dashboard.tls</c>: the certificate of the HTTP server; null: plain HTTP.</summary>
    public SslStreamCertificateContext? HttpCertificate { get; init; }

    /// <summary><c>csds.max-message-frames</c> and <c>csds.max-message-size</c>: what one message may announce.</summary>
    public FrameLimits FrameLimits { get; init; } = FrameLimits.Default;

    /// <summary>
    /// <c>csds.max-unsent-size</c>: bytes that may wait for a peer that does not read. Far more than a slow peer ever leaves
    /// behind, and a bound all the same.
    /// </summary>
    public long MaxUnsentBytes { get; init; } = 4L << 30;

    /// <summary><c>distributed.scheduler.blocked-handlers</c>.</summary>
    public IReadOnlySet<string> BlockedHandlers { get; init; } = new HashSet<string>();

    /// <summary><c>distributed.dashboard.link</c>.</summary>
    public string DashboardLink { get; init; } = "{scheme}://{host}:{port}/status";

    /// <summary>The address that workers and clients are told.</summary>
    public string Address { get; set; } = "";

    /// <summary>Ports of the HTTP services, by name.</summary>
    public Dictionary<string, int> Services { get; } = [];

    /// <summary>The scheduler's id.</summary>
    public string Id { get; init; } = $"Scheduler-{Guid.NewGuid()}";

    /// <summary>Seconds since 1970 when the scheduler started.</summary>
    public double Started { get; init; } = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Reads them.</summary>
    /// <param name="config">Dask's configuration.</param>
    /// <param name="arguments">The command line, which comes first.</param>
    /// <param name="ciphers">Numbers of the cipher suites that the configuration allows; null: the usual ones.</param>
    /// <exception cref="FormatException">A value makes no sense, or a certificate cannot be loaded.</exception>
    public static ServerSettings Read(Configuration config, SchedulerArguments arguments, IReadOnlyList<int>? ciphers)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(arguments);
        var defaults = new ServerSettings();
        return new ServerSettings
        {
            ConnectTimeout = Seconds(config, Comm + "timeouts.connect") ?? defaults.ConnectTimeout,
            TcpTimeout = Seconds(config, Comm + "timeouts.tcp") ?? defaults.TcpTimeout,
            SocketBacklog = (int)config.Number(Comm + "socket-backlog", defaults.SocketBacklog),
            DefaultScheme = config.Text(Comm + "default-scheme") ?? defaults.DefaultScheme,
            RequireEncryption = config.Bool(Comm + "require-encryption", arguments.SaysTls),
            Tls = TlsSettings.Read(config, arguments, ciphers) is { } tls ? TlsContext.Load(tls) : null,
            HttpCertificate = Certificate(config),
            FrameLimits = new FrameLimits(
                (int)config.Number("csds.max-message-frames", defaults.FrameLimits.MaxFrames),
                (long)config.Bytes("csds.max-message-size", defaults.FrameLimits.MaxBytes)),
            MaxUnsentBytes = (long)config.Bytes("csds.max-unsent-size", defaults.MaxUnsentBytes),
            BlockedHandlers = config.List("distributed.scheduler.blocked-handlers").ToHashSet(),
            DashboardLink = config.Text("distributed.dashboard.link") ?? defaults.DashboardLink,
        };
    }

    private static TimeSpan? Seconds(Configuration config, string name) =>
        config.Seconds(name) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static SslStreamCertificateContext? Certificate(Configuration config)
    {
        const string Tls = "distributed.scheduler.dashboard.tls.";
        return config.Text(Tls + "cert") is { Length: > 0 } cert
            ? Pem.Certificate(cert, config.Text(Tls + "key"))
            : null;
    }
}
