using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Csds.Server;

/// <summary>The way to a worker's own pages (row H18): the text that Dask shows where it cannot pass requests on.</summary>
internal static class ProxyPage
{
    internal static Task WriteAsync(HttpContext context)
    {
        string Part(string name) => Convert.ToString(context.Request.RouteValues[name], CultureInfo.InvariantCulture) ?? "";
        string url = WebUtility.HtmlEncode($"{Part("host")}:{Part("port")}/{Part("path")}");
        return HtmlPage.WriteAsync(context, $"""
            <p> Try navigating to <a href="http://{url}">{url}</a> for your worker dashboard </p>

            <p>
            The scheduler does not pass requests on to workers.
            The link above should work though if your workers are on a
            sufficiently open network.  This is common on single machines,
            but less common in production clusters.  Your IT administrators
            will know more
            </p>
            """);
    }
}
