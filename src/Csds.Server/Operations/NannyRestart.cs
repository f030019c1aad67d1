using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Has a nanny kill its worker and start a new one (rows SR10, S42).</summary>
internal static partial class NannyRestart
{
    /// <summary>Asks the nanny; a nanny that cannot be reached is gone with its worker.</summary>
    internal static async Task KillAsync(CommPool pool, string nanny, ILogger log)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "kill"u8);
        w.Field("reason"u8, "scheduler-restart"u8);
        w.End();
        try
        {
            using FrameGroup reply = await pool.CallAsync(nanny, request).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            LogUnreachable(log, nanny, error.Message);
        }
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "Nanny {Address} could not be asked to restart its worker: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string address, string reason);
}
