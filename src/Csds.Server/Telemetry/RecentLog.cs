using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>The last lines of the log <c>distributed.scheduler</c>, for clients (row R21): Dask's <c>DequeHandler</c>.</summary>
public sealed class RecentLog(TimeProvider clock) : ILoggerProvider
{
    private readonly Lock sync = new();
    private readonly Queue<LogRecord> records = new();

    /// <summary>The category whose lines are kept.</summary>
    public const string Category = "distributed.scheduler";

    /// <summary><c>distributed.admin.log-length</c>: lines that are kept.</summary>
    public int Length { get; set; } = 10_000;

    /// <summary><c>distributed.admin.log-format</c>: how a line is shown.</summary>
    public LogFormat Format { get; set; } = LogFormat.Default;

    /// <summary>The lines that are kept, oldest first.</summary>
    public IReadOnlyList<LogRecord> Records
    {
        get
        {
            lock (sync)
            {
                return [.. records];
            }
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName == Category);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Add(LogLevel level, string text)
    {
        var record = new LogRecord(clock.GetUtcNow(), Category, level, text);
        lock (sync)
        {
            while (records.Count >= Math.Max(1, Length))
            {
                records.Dequeue();
            }
            if (Length > 0)
            {
                records.Enqueue(record);
            }
        }
    }

    private sealed class Writer(RecentLog log, bool kept) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => kept && logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            ArgumentNullException.ThrowIfNull(formatter);
            if (IsEnabled(logLevel))
            {
                string text = formatter(state, exception);
                log.Add(logLevel, exception is null ? text : $"{text}\n{exception}");
            }
        }
    }
}
