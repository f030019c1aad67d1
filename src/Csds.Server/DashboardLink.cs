using System.Globalization;
using System.Text.RegularExpressions;

namespace Csds.Server;

/// <summary>The link to the dashboard that is logged: Dask's <c>format_dashboard_link</c>.</summary>
internal static partial class DashboardLink
{
    /// <summary>Fills in <c>distributed.dashboard.link</c>: scheme, host, port, and the environment's variables.</summary>
    /// <param name="template">The template, with names in braces.</param>
    /// <param name="encrypted">Whether the dashboard speaks TLS.</param>
    /// <param name="host">The scheduler's host.</param>
    /// <param name="port">The dashboard's port.</param>
    /// <param name="unknown">The name that means nothing; then the link is <c>:port</c>.</param>
    internal static string Format(string template, bool encrypted, string host, int port, out string? unknown)
    {
        string number = port.ToString(CultureInfo.InvariantCulture);
        string? missing = null;
        string link = Field().Replace(template, match => match.Groups[1].Value switch
        {
            "scheme" => encrypted ? "https" : "http",
            "host" => host,
            "port" => number,
            string name => Environment.GetEnvironmentVariable(name) ?? Missing(name),
        });
        unknown = missing;
        return missing is null ? link : ":" + number;

        string Missing(string name)
        {
            missing ??= name;
            return "";
        }
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Field();
}
