using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Http;

namespace Csds.Server;

/// <summary>The pages about one task (rows H9, H10).</summary>
internal sealed class TaskPages(HttpServices services)
{
    internal async Task TaskAsync(HttpContext context)
    {
        string? name = HtmlPage.NameIn(context, "/info/task/", plusIsSpace: false);
        string? text = await services.Reactor.AskAsync((s, now) => Find(s, name) is { } ts ? Write(s, ts, now) : null).ConfigureAwait(false);
        await (text is null ? HtmlPage.NotFoundAsync(context) : HtmlPage.WriteAsync(context, text)).ConfigureAwait(false);
    }

    internal async Task CallStackAsync(HttpContext context)
    {
        string? name = HtmlPage.NameIn(context, "/info/call-stack/", plusIsSpace: false);
        Key? key = await services.Reactor.AskAsync((s, _) => Find(s, name)?.Key).ConfigureAwait(false);
        if (key is not { } known || services.Pool is null)
        {
            await HtmlPage.NotFoundAsync(context).ConfigureAwait(false);
            return;
        }
        string page = await CallStackPage.WriteAsync($"Call Stack: {known.Repr()}", services.Reactor, services.Pool, [known]).ConfigureAwait(false);
        await HtmlPage.WriteAsync(context, page).ConfigureAwait(false);
    }

    // A key is named by its str(): itself, or a number, bytes or a tuple as Python shows it.
    private static TaskState? Find(SchedulerState s, string? name)
    {
        if (name is null)
        {
            return null;
        }
        return s.Tasks.Find(Key.FromString(name))
            ?? (PythonLiteral.TryParse(name) is { } token ? s.Tasks.Find(new Key(token)) : null);
    }

    private static string Write(SchedulerState s, TaskState ts, double now)
    {
        var page = new HtmlPage($"Task: {ts.Key}");
        page.BeginTable("Attribute", "Value");
        page.Row("Status", ts.State.ToText());
        if (ts.ProcessingOn is { } worker)
        {
            page.BeginRow();
            page.Cell("Processing on");
            page.LinkCell($"../worker/{HtmlPage.Escape(worker.Address)}.html", worker.Address);
            page.EndRow();
            page.BeginRow();
            page.Cell("Call stack");
            page.LinkCell($"../call-stack/{HtmlPage.Escape(ts.Key.ToString())}.html", "Call Stack");
            page.EndRow();
        }
        if (ts.Type is { } type)
        {
            page.Row("Type", type);
        }
        if (ts.NBytes >= 0)
        {
            page.Row("Bytes", ByteSize.Format(ts.NBytes));
        }
        WriteDetails(page, ts);
        page.EndTable();
        WriteRelations(page, s, ts, now);
        WriteStory(page, s, ts);
        return page.End();
    }

    private static void WriteDetails(HtmlPage page, TaskState ts)
    {
        if (ts.Details is not { } details)
        {
            return;
        }
        if (details.WorkerRestrictions is { Count: > 0 } workers)
        {
            page.Row("Worker Restrictions", string.Join(", ", workers));
        }
        if (details.HostRestrictions is { Count: > 0 } hosts)
        {
            page.Row("Host Restrictions", string.Join(", ", hosts.Select(h => h.ToString())));
        }
        if (details.ResourceRestrictions is { } resources)
        {
            IEnumerable<string> amounts = resources.Amounts.Select(
                a => string.Create(CultureInfo.InvariantCulture, $"{a.Key}: {a.Value}"));
            page.Row("Resource Restrictions", string.Join(", ", amounts));
        }
        page.Row("Suspicious", details.Suspicious.ToString(CultureInfo.InvariantCulture));
        page.Row("Retries", details.Retries.ToString(CultureInfo.InvariantCulture));
        if (details.ExceptionText is { } exception)
        {
            page.Row("Exception", exception);
            page.Row("Traceback", details.TracebackText);
        }
    }

    private static void WriteRelations(HtmlPage page, SchedulerState s, TaskState ts, double now)
    {
        page.Heading("Dependencies");
        WorkerRows.Tasks(page, ts.Dependencies.ToArray());
        page.Heading("Dependents");
        WorkerRows.Tasks(page, ts.Dependents.ToArray());
        if (ts.State == TaskStateName.Memory)
        {
            page.Heading("Workers with data");
            WorkerRows.Workers(page, s, ts.WhoHas.ToArray(), now);
        }
        if (!ts.WhoWants.IsEmpty)
        {
            page.Heading("Clients with future");
            page.Lines(ts.WhoWants.ToArray().Select(cs => cs.ClientKey));
        }
    }

    private static void WriteStory(HtmlPage page, SchedulerState s, TaskState ts)
    {
        page.Heading("Transition Log");
        page.BeginTable("Time", "Start", "Finish", "Stimulus ID");
        foreach (StoryEntry entry in s.Story.Of([ts.Key], []))
        {
            page.BeginRow();
            page.Cell(DateTimeOffset.UnixEpoch.AddSeconds(entry.Timestamp).ToLocalTime()
                .ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
            page.Cell(entry.Start.ToText());
            page.Cell(entry.Finish.ToText());
            page.Cell(Tokens.Text(entry.StimulusId));
            page.EndRow();
        }
        page.EndTable();
    }
}
