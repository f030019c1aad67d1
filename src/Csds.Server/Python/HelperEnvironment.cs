using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// What all helpers have to be able to import, because one of them can: uploaded files, and directories that user code
/// has added to <c>sys.path</c>. A helper is told before its next graph.
/// </summary>
internal sealed partial class HelperEnvironment(HelperOptions options, ILogger logger)
{
    private readonly List<ReadOnlyMemory<byte>> changes = [];

    /// <summary>Adds a change: a msgpack map, see docs/helper-protocol.md.</summary>
    internal void Add(ReadOnlyMemory<byte> change)
    {
        lock (changes)
        {
            changes.Add(change);
        }
    }

    /// <summary>Tells a helper what it does not know yet.</summary>
    /// <exception cref="HelperLostException">It has ended.</exception>
    internal async Task ApplyAsync(HelperProcess helper, CancellationToken cancel)
    {
        while (Next(helper) is { } change)
        {
            var request = new HelperRequest("environment", "importing uploaded files", options.RequestTimeout, change);
            await helper.AskAsync(request, Applied, cancel).ConfigureAwait(false);
            helper.EnvironmentsApplied++;
        }
    }

    private ReadOnlyMemory<byte>? Next(HelperProcess helper)
    {
        lock (changes)
        {
            return helper.EnvironmentsApplied < changes.Count ? changes[helper.EnvironmentsApplied] : default(ReadOnlyMemory<byte>?);
        }
    }

    // Whoever uploaded a file that cannot be imported has been told by the one that was asked first.
    private bool Applied(HelperAnswer answer)
    {
        if (answer.Op == "failed")
        {
            LogFailed(logger, HelperFailure.Text(answer));
        }
        return true;
    }

    [LoggerMessage(EventId = 64, Level = LogLevel.Warning, Message = "A helper cannot import what was uploaded: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
