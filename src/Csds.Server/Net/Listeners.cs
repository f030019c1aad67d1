using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>The open ports: one Kestrel serves comms and HTTP side by side.</summary>
public sealed class Listeners : IAsyncDisposable
{
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly WebApplication app;

    private Listeners(WebApplication app, int commPort, int httpPort)
    {
        this.app = app;
        CommPort = commPort;
        HttpPort = httpPort;
    }

    /// <summary>The port that comms are accepted on.</summary>
    public int CommPort { get; }

    /// <summary>The port that HTTP is served on.</summary>
    public int HttpPort { get; }

    /// <summary>Opens the ports.</summary>
    /// <exception cref="IOException">One of them is taken.</exception>
    public static async Task<Listeners> OpenAsync(
        IReadOnlyList<IPEndPoint> comms, IReadOnlyList<IPEndPoint> http, CommServer server, Action<WebApplication> routes,
        ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(routes);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(server);
        builder.Services.AddSingleton<CommListener>();
        builder.Services.AddRoutingCore();
        var commPorts = new List<ListenOptions>();
        var httpPorts = new List<ListenOptions>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (IPEndPoint endpoint in comms)
            {
                kestrel.Listen(endpoint, o =>
                {
                    commPorts.Add(o);
                    o.UseConnectionHandler<CommListener>();
                });
            }
            foreach (IPEndPoint endpoint in http)
            {
                kestrel.Listen(endpoint, httpPorts.Add);
            }
        });
        WebApplication app = builder.Build();
        app.UseRouting();
        routes(app);
        app.UseEndpoints(_ => { });
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return new Listeners(app, commPorts[0].IPEndPoint!.Port, httpPorts[0].IPEndPoint!.Port);
    }

    /// <summary>Whether all of these ports can be opened at the moment.</summary>
    public static bool AreFree(IReadOnlyList<IPEndPoint> endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        foreach (IPEndPoint endpoint in endpoints.Where(e => e.Port != 0))
        {
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(endpoint);
            }
            catch (SocketException)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Closes the ports, and after a while what is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(grace);
        await app.StopAsync(timeout.Token).ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }
}
