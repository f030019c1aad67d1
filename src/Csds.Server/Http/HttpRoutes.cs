using Csds.Scheduler;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Csds.Server;

/// <summary>
/// The HTTP surface (rows H1 to H26), page by page as Dask's modules have them; which modules are served says the
/// configuration <c>distributed.scheduler.http.routes</c>.
/// </summary>
public sealed class HttpRoutes(HttpServices services)
{
    private readonly SortedSet<string> paths = new(StringComparer.Ordinal);

    /// <summary>Maps the routes below a prefix.</summary>
    public void Map(IEndpointRouteBuilder app, string prefix)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(prefix);
        string root = prefix.Trim('/') is { Length: > 0 } p ? "/" + p : "";
        void Get(string path, RequestDelegate handler, string? shown = null)
        {
            paths.Add(root + (shown ?? path));
            app.MapGet(root + path, handler);
        }
        if (services.Dashboard)
        {
            Get("/", Redirect("status"));
            Get("/status", StatusAsync);
        }
        foreach (string module in services.Routes)
        {
            MapModule(module, Get, app, root);
        }
        Get("/sitemap.json", context => JsonPages.WriteAsync(context, json => JsonPages.WriteSitemap(json, paths)));
    }

    private delegate void Adder(string path, RequestDelegate handler, string? shown = null);

    // A module that is not Dask's own is Python, and has no pages here.
    private void MapModule(string module, Adder get, IEndpointRouteBuilder app, string root)
    {
        switch (module)
        {
            case "distributed.http.health":
                get("/health", context => HtmlPage.WriteAsync(context, "text/plain; charset=utf-8", "ok"));
                break;
            case "distributed.http.scheduler.prometheus":
                get("/metrics", MetricsAsync);
                break;
            case "distributed.http.scheduler.json":
                var json = new JsonPages(services);
                get("/json/counts.json", json.CountsAsync);
                get("/json/identity.json", json.IdentityAsync);
                get("/json/index.html", JsonPages.IndexAsync);
                break;
            case "distributed.http.scheduler.info":
                MapInfo(get);
                break;
            case "distributed.http.scheduler.api":
                new ApiRoutes(services).Map(app, root);
                paths.UnionWith(ApiRoutes.Paths.Select(p => root + p));
                break;
            case "distributed.http.statics":
                get("/statics/css/base.css", context => HtmlPage.WriteAsync(context, "text/css", HtmlPage.StyleSheet));
                break;
            case "distributed.http.proxy":
                get("/proxy/{port:int}/{host}/{**path}", ProxyPage.WriteAsync, @"/proxy/(\d+)/(.*?)/(.*)");
                break;
        }
    }

    private void MapInfo(Adder get)
    {
        var overview = new OverviewPages(services);
        var worker = new WorkerPages(services);
        var task = new TaskPages(services);
        get("/info", Redirect("info/main/workers.html"));
        get("/info/main/workers.html", overview.WorkersAsync);
        get("/info/main/exceptions.html", overview.ExceptionsAsync);
        get("/info/main/logs.html", overview.LogsAsync);
        get("/info/worker/{**name}", worker.WorkerAsync, "/info/worker/(.*).html");
        get("/info/logs/{**name}", worker.LogsAsync, "/info/logs/(.*).html");
        get("/info/call-stacks/{**name}", worker.CallStacksAsync, "/info/call-stacks/(.*).html");
        get("/info/task/{**name}", task.TaskAsync, "/info/task/(.*).html");
        get("/info/call-stack/{**name}", task.CallStackAsync, "/info/call-stack/(.*).html");
        get("/eventstream", new EventSockets(services).ServeAsync);
        get("/individual-plots.json", context => JsonPages.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }));
    }

    private static RequestDelegate Redirect(string target) => context =>
    {
        context.Response.Redirect(target);
        return Task.CompletedTask;
    };

    private async Task MetricsAsync(HttpContext context)
    {
        string text = await services.Reactor.AskAsync((s, now) => PrometheusPage.Write(s, services.Reactor, now)).ConfigureAwait(false);
        await HtmlPage.WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8", text).ConfigureAwait(false);
    }

    // What Dask shows without bokeh.
    private async Task StatusAsync(HttpContext context)
    {
        bool packed = await services.Reactor.AskAsync((s, _) => s.Options.Dialect.PackedGraphs).ConfigureAwait(false);
        string page = packed
            ? "<p>Dask needs bokeh >= 2.4.2, < 3 for the dashboard.</p>"
              + "<p>Install with conda: <code>conda install bokeh>=2.4.2,<3</code></p>"
              + "<p>Install with pip: <code>pip install bokeh>=2.4.2,<3</code></p>"
            : "<p>Dask needs bokeh>=3.1.0 for the dashboard.</p>"
              + "<p>Install with conda: <code>conda install \"bokeh>=3.1.0\"</code></p>"
              + "<p>Install with pip: <code>pip install \"bokeh>=3.1.0\"</code></p>";
        await HtmlPage.WriteAsync(context, "text/html; charset=UTF-8", page).ConfigureAwait(false);
    }
}
