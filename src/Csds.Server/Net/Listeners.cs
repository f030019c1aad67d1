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

/// <summary>Serves the open ports: one Kestrel, comms and HTTP side by side.</summary>
public sealed class Listeners : IAsyncDisposable
{
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly WebApplication app;

    private Listeners(WebApplication app)
    {
        this.app = app;
    }

    /// <summary>Serves what connects to the ports. A websocket address that is among the HTTP ones shares that port.</summary>
    /// <param name="ports">The open ports.</param>
    /// <param name="comms">What is spoken on those for comms.</param>
    /// <param name="server">Serves the comms.</param>
    /// <param name="settings">Certificates and limits.</param>
    /// <param name="routes">Adds the HTTP routes.</param>
    /// <param name="loggers">For what goes wrong.</param>
    public static async Task<Listeners> StartAsync(
        BoundPorts ports, IReadOnlyList<ListenAddress> comms, CommServer server, ServerSettings settings,
        Action<WebApplication> routes, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(comms);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(routes);
        IReadOnlyList<IPEndPoint> http = ports.Http;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.CreateBoundListenSocket = ports.Take;
            sockets.Backlog = settings.SocketBacklog;
            // What arrives is handled on the thread that received it, and sent on the thread that wrote it (ADR 0016).
            sockets.UnsafePreferInlineScheduling = true;
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        var listener = new CommListener(server, settings, loggers);
        builder.WebHost.UseKestrelCore();
        if (settings.UseEpoll)
        {
            EndPoint[] plain = [.. comms.Where(c => !c.WebSockets).SelectMany(c => c.Endpoints).Except(http)];
            builder.Services.AddSingleton<IConnectionListenerFactory>(
                new EpollTransport(ports, plain, settings.SocketBacklog, loggers.CreateLogger<EpollTransport>()));
        }
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (IPEndPoint endpoint in http)
            {
                kestrel.Listen(endpoint, o => ServeHttp(o, comms, settings));
            }
            foreach (ListenAddress address in comms)
            {
                foreach (IPEndPoint endpoint in address.Endpoints.Except(http))
                {
                    kestrel.Listen(endpoint, o => ServeComms(o, address, listener, settings));
                }
            }
        });
        WebApplication app = builder.Build();
        app.UseWebSockets();
        if (comms.Any(c => c.WebSockets))
        {
            int[] webSocketOnly = [.. comms.Where(c => c.WebSockets).SelectMany(c => c.Endpoints).Except(http).Select(e => e.Port)];
            app.Use((context, next) => IsComm(context) ? listener.AcceptAsync(context)
                : webSocketOnly.Contains(context.Connection.LocalPort) ? NotFound(context) : next(context));
        }
        app.UseRouting();
        routes(app);
        app.UseEndpoints(_ => { });
        await StartAsync(app).ConfigureAwait(false);
        return new Listeners(app);
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

    private static void ServeHttp(ListenOptions options, IReadOnlyList<ListenAddress> comms, ServerSettings settings)
    {
        bool shared = comms.Any(c => c.Scheme == "wss" && c.Endpoints.Contains(options.IPEndPoint!));
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
