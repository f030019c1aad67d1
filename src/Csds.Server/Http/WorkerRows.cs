using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Tables of workers and of tasks, as several pages have them.</summary>
internal static class WorkerRows
{
    /// <summary>More than these many tasks are counted, not listed: a page is for people.</summary>
    private const int ListedTasks = 5000;

    /// <summary>A worker that was silent for longer than this, in seconds, is marked.</summary>
    private const double Late = 60;

    internal static void Workers(HtmlPage page, SchedulerState s, IEnumerable<WorkerState> workers, double now)
    {
        page.BeginTable(
            "Worker", "Name", "Cores", "Memory", "Memory use", "Occupancy", "Processing", "In-memory", "Services", "Logs", "Last seen");
        foreach (WorkerState ws in workers)
        {
            page.BeginRow(now - ws.LastSeen > Late);
            page.LinkCell($"../worker/{HtmlPage.Escape(ws.Address)}.html", ws.Address);
            page.Cell(ws.Name.ToString());
            page.Cell(ws.NThreads);
            page.Cell(ws.MemoryLimit > 0 ? ByteSize.Format(ws.MemoryLimit) : "");
            page.Cell(ByteSize.Format(ws.Metrics.Memory));
            page.Cell(TimeDelta.Format(s.Occupancy.Of(ws)));
            page.Cell(ws.Processing.Count);
            page.Cell(ws.HasWhat.Count);
            if (DashboardPort(ws) is { } port)
            {
                page.LinkCell(string.Create(CultureInfo.InvariantCulture, $"../../proxy/{port}/{ws.Host}/status"), "dashboard");
            }
            else
            {
                page.Cell("");
            }
            page.LinkCell($"../logs/{HtmlPage.Escape(ws.Address)}.html", "logs");
            page.Cell(TimeDelta.Format(now - ws.LastSeen));
            page.EndRow();
        }
        page.EndTable();
    }

    internal static void Tasks(HtmlPage page, TaskState[] tasks)
    {
        page.BeginTable("Key", "State", "Type", "Bytes");
        foreach (TaskState ts in tasks.Take(ListedTasks))
        {
            page.BeginRow();
            page.LinkCell(Link(ts), ts.Key.ToString());
            page.Cell(ts.State.ToText());
            page.Cell(ts.Type);
            page.Cell(ts.NBytes >= 0 ? ByteSize.Format(ts.NBytes) : "");
            page.EndRow();
        }
        page.EndTable();
        if (tasks.Length > ListedTasks)
        {
            page.Paragraph(string.Create(CultureInfo.InvariantCulture, $"... and {tasks.Length - ListedTasks} more"));
        }
    }

    /// <summary>From any page to a task's.</summary>
    internal static string Link(TaskState ts) => $"../task/{HtmlPage.Escape(ts.Key.ToString())}.html";

    private static int? DashboardPort(WorkerState ws)
    {
        var reader = new MessageReader(ws.Registration.Services);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            if (reader.ReadUtf8().SequenceEqual("dashboard"u8) && reader.NextType == Nerdbank.MessagePack.MessagePackType.Integer)
            {
                return reader.ReadInt32();
            }
            reader.Skip();
        }
        return null;
    }
}
