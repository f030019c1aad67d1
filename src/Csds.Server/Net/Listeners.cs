using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>The open ports: one Kestrel serves comms and HTTP side by side.</summary>
public sealed class Listeners : IAsyncDisposable
{
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly WebApplication app;

    private Listeners(WebApplication app, IReadOnlyList<int> commPorts, int httpPort)
    {
        this.app = app;
        CommPorts = commPorts;
        HttpPort = httpPort;
    }

    /// <summary>The ports that comms are accepted on, one for each address.</summary>
    public IReadOnlyList<int> CommPorts { get; }

    /// <summary>The port that HTTP is served on.</summary>
    public int HttpPort { get; }

    /// <summary>Opens the ports. A websocket address that is among the HTTP ones shares that port.</summary>
    /// <param name="comms">Where to accept comms.</param>
    /// <param name="http">Where to serve HTTP.</param>
    /// <param name="server">Serves the comms.</param>
    /// <param name="settings">Certificates and limits.</param>
    /// <param name="routes">Adds the HTTP routes.</param>
    /// <param name="loggers">For what goes wrong.</param>
    /// <exception cref="IOException">One of them is taken.</exception>
    public static async Task<Listeners> OpenAsync(
        IReadOnlyList<ListenAddress> comms, IReadOnlyList<IPEndPoint> http, CommServer server, ServerSettings settings,
        Action<WebApplication> routes, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(comms);
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(routes);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.Backlog = settings.SocketBacklog;
            // What arrives is handled on the thread that received it, and sent on the thread that wrote it (ADR 0016).
            sockets.UnsafePreferInlineScheduling = true;
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        var listener = new CommListener(server, settings, loggers);
        var commOptions = new ListenOptions?[comms.Count];
        var httpOptions = new List<ListenOptions>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (IPEndPoint endpoint in http)
            {
                kestrel.Listen(endpoint, o => ServeHttp(o, httpOptions, comms, settings));
            }
            for (int i = 0; i < comms.Count; i++)
            {
                int index = i;
                foreach (IPEndPoint endpoint in comms[i].Endpoints.Where(e => !comms[index].WebSockets || !http.Contains(e) || e.Port == 0))
                {
                    kestrel.Listen(endpoint, o =>
                    {
                        commOptions[index] ??= o;
                        ServeComms(o, comms[index], listener, settings);
                    });
                }
            }
        });
        WebApplication app = builder.Build();
        int[] webSocketOnly = [];
        app.UseWebSockets();
        if (comms.Any(c => c.WebSockets))
        {
            app.Use((context, next) => IsComm(context) ? listener.AcceptAsync(context)
                : webSocketOnly.Contains(context.Connection.LocalPort) ? NotFound(context) : next(context));
        }
        app.UseRouting();
        routes(app);
        app.UseEndpoints(_ => { });
        await StartAsync(app).ConfigureAwait(false);
        int httpPort = httpOptions[0].IPEndPoint!.Port;
        webSocketOnly = [.. comms.Zip(commOptions).Where(c => c.First.WebSockets && c.Second is not null).Select(c => c.Second!.IPEndPoint!.Port)];
        return new Listeners(app, [.. commOptions.Select(o => o?.IPEndPoint!.Port ?? httpPort)], httpPort);
    }

    /// <summary>Closes the ports, and after a while what is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(grace);
        await app.StopAsync(timeout.Token).ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void ServeHttp(
        ListenOptions options, List<ListenOptions> opened, IReadOnlyList<ListenAddress> comms, ServerSettings settings)
    {
        opened.Add(options);
        bool shared = options.IPEndPoint!.Port != 0 && comms.Any(c => c.Scheme == "wss" && c.Endpoints.Contains(options.IPEndPoint));
        if (shared)
        {
            Secure(options, settings.Tls!.ForServer());
        }
        else if (settings.HttpCertificate is { } certificate)
        {
            Secure(options, new SslServerAuthenticationOptions { ServerCertificateContext = certificate });
        }
    }

    private static void ServeComms(ListenOptions options, ListenAddress address, CommListener listener, ServerSettings settings)
    {
        if (!address.WebSockets)
        {
            options.Run(connection => listener.AcceptAsync(connection, address));
        }
        else if (address.Encrypted)
        {
            Secure(options, settings.Tls!.ForServer());
        }
    }

    private static void Secure(ListenOptions options, SslServerAuthenticationOptions tls) =>
        options.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls) });

    private static bool IsComm(HttpContext context) => context.WebSockets.IsWebSocketRequest && context.Request.Path == "/";

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
