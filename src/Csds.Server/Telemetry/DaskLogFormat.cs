using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Csds.Server;

/// <summary>
/// Writes log lines as Dask does, <c>2026-01-31 12:00:00,123 - distributed.scheduler - INFO - text</c> (row E12): there are
/// programs that wait for <c>Scheduler at:</c> on stderr.
/// </summary>
internal sealed class DaskLogFormat(TimeProvider clock) : ConsoleFormatter(FormatName)
{
    internal const string FormatName = "dask";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string time = clock.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture);
        string text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.WriteLine($"{time} - {logEntry.Category} - {LogRecord.NameOf(logEntry.LogLevel)} - {text}");
        if (logEntry.Exception is { } error)
        {
            textWriter.WriteLine(error);
        }
    }
}
