using Csds.Scheduler;
using Microsoft.AspNetCore.Http;

namespace Csds.Server;

/// <summary>The pages below <c>/info/main</c> (rows H5 to H7).</summary>
internal sealed class OverviewPages(HttpServices services)
{
    internal async Task WorkersAsync(HttpContext context)
    {
        string text = await services.Reactor.AskAsync((s, now) =>
        {
            var page = new HtmlPage($"Scheduler {services.Settings.Address}");
            page.Heading("Workers");
            WorkerRows.Workers(page, s, s.Workers.Sorted.OrderBy(ws => ws.Name.ToString(), StringComparer.Ordinal), now);
            return page.End();
        }).ConfigureAwait(false);
        await HtmlPage.WriteAsync(context, text).ConfigureAwait(false);
    }

    internal async Task ExceptionsAsync(HttpContext context)
    {
        string text = await services.Reactor.AskAsync((s, _) =>
        {
            var page = new HtmlPage("Exceptions");
            page.BeginTable("Task", "Failed on", "Exception", "Traceback");
            foreach (TaskState ts in s.Tasks.Tasks.Where(ts => ts.State == TaskStateName.Erred && ReferenceEquals(ts.ExceptionBlame, ts)))
            {
                page.BeginRow();
                page.LinkCell(WorkerRows.Link(ts), ts.Key.ToString());
                page.Cell(string.Join(", ", ts.Details!.ErredOn ?? []));
                page.Cell(ts.Details.ExceptionText);
                page.Cell(ts.Details.TracebackText);
                page.EndRow();
            }
            page.EndTable();
            return page.End();
        }).ConfigureAwait(false);
        await HtmlPage.WriteAsync(context, text).ConfigureAwait(false);
    }

    internal Task LogsAsync(HttpContext context)
    {
        var page = new HtmlPage("Logs");
        page.Lines(services.RecentLog.Records.Reverse().Select(services.RecentLog.Format.Format));
        return HtmlPage.WriteAsync(context, page.End());
    }
}
