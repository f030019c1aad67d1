using Csds.Protocol;

namespace Csds.Server;

/// <summary>The last lines of the scheduler's log (row R21): <c>get_logs</c>, also called <c>logs</c>.</summary>
public sealed class Logs(RecentLog log, Reactor reactor)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("get_logs", GetLogsAsync);
        table.Add("logs", GetLogsAsync);
    }

    private async Task GetLogsAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        double start = arguments.Number("start") ?? 0;
        bool timestamps = arguments.Bool("timestamps", otherwise: false);
        bool newestFirst = await reactor.AskAsync((s, _) => s.Options.Dialect.LogsNewestFirst).ConfigureAwait(false);
        IEnumerable<LogRecord> wanted = log.Records.Where(r => r.Time >= start);
        if (newestFirst)
        {
            wanted = wanted.Reverse();
        }
        if (arguments.Int("n") is { } n and not 0)
        {
            wanted = wanted.Take(n);
        }
        LogRecord[] records = [.. wanted];
        MessageWriter w = call.Reply.Single();
        w.List(records.Length);
        foreach (LogRecord record in records)
        {
            w.List(timestamps ? 3 : 2);
            if (timestamps)
            {
                w.Float(record.Time);
            }
            w.Text(record.LevelName);
            w.Text(log.Format.Format(record));
        }
        w.End();
    }
}
