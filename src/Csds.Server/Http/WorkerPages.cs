using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Http;

namespace Csds.Server;

/// <summary>The pages about one worker (rows H8, H10, H11).</summary>
internal sealed class WorkerPages(HttpServices services)
{
    internal async Task WorkerAsync(HttpContext context)
    {
        string? address = HtmlPage.NameIn(context, "/info/worker/", plusIsSpace: true);
        string? text = await services.Reactor.AskAsync((s, now) => Find(s, address) is { } ws ? Write(s, ws, now) : null).ConfigureAwait(false);
        await (text is null ? HtmlPage.NotFoundAsync(context) : HtmlPage.WriteAsync(context, text)).ConfigureAwait(false);
    }

    internal async Task LogsAsync(HttpContext context)
    {
        string? address = HtmlPage.NameIn(context, "/info/logs/", plusIsSpace: true);
        bool known = await services.Reactor.AskAsync((s, _) => Find(s, address) is not null).ConfigureAwait(false);
        if (!known || services.Pool is null)
        {
            await HtmlPage.NotFoundAsync(context).ConfigureAwait(false);
            return;
        }
        var page = new HtmlPage($"Logs: {address}");
        page.Lines(await AskForLogsAsync(services.Pool, address!).ConfigureAwait(false));
        await HtmlPage.WriteAsync(context, page.End()).ConfigureAwait(false);
    }

    internal async Task CallStacksAsync(HttpContext context)
    {
        string? address = HtmlPage.NameIn(context, "/info/call-stacks/", plusIsSpace: true);
        Key[]? keys = await services.Reactor.AskAsync((s, _) =>
            Find(s, address)?.Processing.ToArray().Select(ts => ts.Key).ToArray()).ConfigureAwait(false);
        if (keys is null || services.Pool is null)
        {
            await HtmlPage.NotFoundAsync(context).ConfigureAwait(false);
            return;
        }
        string page = await CallStackPage.WriteAsync($"Call Stacks: {address}", services.Reactor, services.Pool, keys).ConfigureAwait(false);
        await HtmlPage.WriteAsync(context, page).ConfigureAwait(false);
    }

    private static WorkerState? Find(SchedulerState s, string? address) =>
        address is not null && s.Workers.TryGet(address, out WorkerState? ws) ? ws : null;

    private static string Write(SchedulerState s, WorkerState ws, double now)
    {
        var page = new HtmlPage($"Worker: {ws.Address}");
        WorkerRows.Workers(page, s, [ws], now);
        page.Heading("Processing");
        page.Link($"../call-stacks/{HtmlPage.Escape(ws.Address)}.html", "Call Stacks");
        WorkerRows.Tasks(page, ws.Processing.ToArray());
        page.Heading("In memory");
        WorkerRows.Tasks(page, ws.HasWhat.ToArray());
        return page.End();
    }

    // A worker answers pairs of level and text.
    private static async Task<List<string>> AskForLogsAsync(CommPool pool, string address)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(1);
        w.Field("op"u8, "get_logs"u8);
        w.End();
        using FrameGroup reply = await pool.CallAsync(address, request).ConfigureAwait(false);
        var lines = new List<string>();
        var reader = new MessageReader(reply);
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
        {
            int parts = reader.ReadArrayHeader();
            reader.Skip();
            lines.Add(reader.ReadString());
            for (int i = 2; i < parts; i++)
            {
                reader.Skip();
            }
        }
        return lines;
    }
}
