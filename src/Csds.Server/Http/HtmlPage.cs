using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Csds.Server;

/// <summary>
/// An HTML page below <c>/info</c>, written from top to bottom. Well-formed XML, and all links are relative: there may be
/// a proxy in front.
/// </summary>
internal sealed class HtmlPage
{
    internal const string StyleSheet = """
        body { margin: 0; background: #f5f7fa; color: #1c2430; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
        header { background: #fff; border-bottom: 1px solid #dde4ec; padding: 12px 28px; }
        header a { margin-right: 18px; color: #5d6b7c; text-decoration: none; }
        main { padding: 18px 28px 40px; }
        h1 { font-size: 20px; overflow-wrap: anywhere; }
        h2 { font-size: 15px; margin: 22px 0 8px; }
        a { color: #c2540a; }
        table { border-collapse: collapse; background: #fff; border: 1px solid #dde4ec; border-radius: 6px; }
        th { text-align: left; color: #5d6b7c; font-weight: 600; }
        th, td { padding: 6px 14px; border-bottom: 1px solid #e9eef4; vertical-align: top; }
        pre { background: #fff; border: 1px solid #dde4ec; border-radius: 6px; padding: 12px 14px; overflow-x: auto; }
        tr.late { background: #ffe3e0; }
        """;

    private readonly StringBuilder text = new();

    /// <summary>Begins a page two levels below the root, as all pages below <c>/info</c> are.</summary>
    internal HtmlPage(string title)
    {
        Add("<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head><meta charset=\"utf-8\"/><title>");
        Text("Dask: " + title);
        Add("</title><link rel=\"stylesheet\" href=\"../../statics/css/base.css\"/></head><body><header>");
        Link("../main/workers.html", "Workers");
        Link("../main/exceptions.html", "Exceptions");
        Link("../main/logs.html", "Logs");
        Link("../../status", "Status");
        Add("</header><main><h1>");
        Text(title);
        Add("</h1>");
    }

    /// <summary>Text as it is to be read.</summary>
    internal void Text(string? content)
    {
        foreach (char c in content ?? "")
        {
            // Other control characters have no place in XML.
            text.Append(c is '\n' or '\t' or '\r' || c >= ' ' && c is not ('\ufffe' or '\uffff') ? c : '\ufffd', 1);
            switch (c)
            {
                case '<': Replace("&lt;"); break;
                case '>': Replace("&gt;"); break;
                case '&': Replace("&amp;"); break;
                case '"': Replace("&quot;"); break;
            }
        }
    }

    /// <summary>A section's title.</summary>
    internal void Heading(string title)
    {
        Add("<h2>");
        Text(title);
        Add("</h2>");
    }

    /// <summary>A paragraph.</summary>
    internal void Paragraph(string content)
    {
        Add("<p>");
        Text(content);
        Add("</p>");
    }

    /// <summary>A link.</summary>
    internal void Link(string target, string content)
    {
        Add("<a href=\"");
        Text(target);
        Add("\">");
        Text(content);
        Add("</a>");
    }

    /// <summary>Text with its line breaks.</summary>
    internal void Lines(IEnumerable<string> lines)
    {
        Add("<pre>");
        foreach (string line in lines)
        {
            Text(line);
            Add("\n");
        }
        Add("</pre>");
    }

    /// <summary>Begins a table.</summary>
    internal void BeginTable(params ReadOnlySpan<string> columns)
    {
        Add("<table><thead><tr>");
        foreach (string column in columns)
        {
            Add("<th>");
            Text(column);
            Add("</th>");
        }
        Add("</tr></thead><tbody>");
    }

    /// <summary>Begins a row.</summary>
    internal void BeginRow(bool late = false) => Add(late ? "<tr class=\"late\">" : "<tr>");

    /// <summary>A cell with text.</summary>
    internal void Cell(string? content)
    {
        Add("<td>");
        Text(content);
        Add("</td>");
    }

    /// <summary>A cell with a number.</summary>
    internal void Cell(long number) => Cell(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A cell with a link.</summary>
    internal void LinkCell(string target, string content)
    {
        Add("<td>");
        Link(target, content);
        Add("</td>");
    }

    /// <summary>Ends a row.</summary>
    internal void EndRow() => Add("</tr>");

    /// <summary>A row of a name and a value.</summary>
    internal void Row(string name, string? value)
    {
        BeginRow();
        Cell(name);
        Cell(value);
        EndRow();
    }

    /// <summary>Ends a table.</summary>
    internal void EndTable() => Add("</tbody></table>");

    /// <summary>Ends the page.</summary>
    internal string End()
    {
        Add("</main></body></html>");
        return text.ToString();
    }

    /// <summary>Sends a page.</summary>
    internal static Task WriteAsync(HttpContext context, string page) => WriteAsync(context, "text/html; charset=UTF-8", page);

    /// <summary>Sends text of any type.</summary>
    internal static Task WriteAsync(HttpContext context, string type, string content)
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(content, Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>There is no such page.</summary>
    internal static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return WriteAsync(context, "<html><title>404: Not Found</title><body>404: Not Found</body></html>");
    }

    /// <summary>A path's last part, behind <paramref name="folder"/> and without <c>.html</c>; null if it is another page.</summary>
    /// <param name="context">The request; its path is taken as it was sent, since a name may have slashes in it.</param>
    /// <param name="folder">For instance <c>/info/task/</c>.</param>
    /// <param name="plusIsSpace">A plus sign stands for a space.</param>
    internal static string? NameIn(HttpContext context, string folder, bool plusIsSpace)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? context.Request.Path;
        string path = target.Split('?')[0];
        int begin = path.IndexOf(folder, StringComparison.Ordinal);
        if (begin < 0 || !path.EndsWith(".html", StringComparison.Ordinal))
        {
            return null;
        }
        string name = path[(begin + folder.Length)..^".html".Length];
        return plusIsSpace ? WebUtility.UrlDecode(name) : Uri.UnescapeDataString(name);
    }

    /// <summary>A name as a part of a link.</summary>
    internal static string Escape(string name) => Uri.EscapeDataString(name);

    private void Add(string markup) => text.Append(markup);

    private void Replace(string markup)
    {
        text.Length--;
        text.Append(markup);
    }
}
