using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Sends what the helper writes to standard error, user code's prints included, to the log.</summary>
internal sealed partial class HelperOutput(StreamReader reader, ILogger logger)
{
    /// <summary>Longer lines are cut into pieces, so that nothing can fill the memory.</summary>
    private const int MaxLine = 8 * 1024;

    private const int KeptLines = 5;

    private readonly Queue<string> last = new();

    /// <summary>Completes when all of the output was read.</summary>
    internal Task Completed { get; private set; } = Task.CompletedTask;

    /// <summary>The last lines, for the message about a helper that did not start.</summary>
    internal string LastLines
    {
        get
        {
            lock (last)
            {
                return string.Join('\n', last);
            }
        }
    }

    /// <summary>Begins to read.</summary>
    internal void Start() => Completed = RunAsync();

    private async Task RunAsync()
    {
        char[] buffer = new char[MaxLine];
        int filled = 0;
        try
        {
            int count;
            while ((count = await reader.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false)) > 0)
            {
                filled = TakeLines(buffer, filled + count);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            LogLost(logger, error.Message);
        }
        if (filled > 0)
        {
            Take(buffer.AsSpan(0, filled));
        }
    }

    // Logs whole lines and moves the rest to the front; answers its length.
    private int TakeLines(char[] buffer, int filled)
    {
        int start = 0;
        int end;
        while ((end = Array.IndexOf(buffer, '\n', start, filled - start)) >= 0)
        {
            Take(buffer.AsSpan(start, end - start));
            start = end + 1;
        }
        if (start == 0 && filled == buffer.Length)
        {
            Take(buffer);
            return 0;
        }
        Array.Copy(buffer, start, buffer, 0, filled - start);
        return filled - start;
    }

    private void Take(ReadOnlySpan<char> line)
    {
        line = line.TrimEnd();
        if (line.IsEmpty)
        {
            return;
        }
        string text = line.ToString();
        lock (last)
        {
            last.Enqueue(text);
            if (last.Count > KeptLines)
            {
                last.Dequeue();
            }
        }
        LogLine(logger, text);
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Information, Message = "{Line}")]
    private static partial void LogLine(ILogger logger, string line);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "The helper's output was lost: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
