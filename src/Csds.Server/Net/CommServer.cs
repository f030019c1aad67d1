using System.Collections.Concurrent;
using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Serves one accepted comm after its handshake: requests and answers in turn (rows W26 to W32), until it ends or an
/// operation takes it over as a stream.
/// </summary>
public sealed partial class CommServer(RpcTable operations, ServerSettings settings, ILogger logger)
{
    private readonly ConcurrentDictionary<Connection, bool> open = new();

    /// <summary>What the first request of every connection waits for: preloads, for instance, add requests.</summary>
    public Task Ready { get; set; } = Task.CompletedTask;

    /// <summary>Serves a connection until it ends. Never throws for what the peer does.</summary>
    public async Task ServeAsync(Connection comm)
    {
        ArgumentNullException.ThrowIfNull(comm);
        open[comm] = true;
        try
        {
            await ShakeHandsAsync(comm).ConfigureAwait(false);
            await Ready.ConfigureAwait(false);
            // What made a stream of the connection is forgotten by now: streams are many, and live long.
            if (await ServeRequestsAsync(comm).ConfigureAwait(false) is { } stream)
            {
                await stream().ConfigureAwait(false);
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            comm.AbortForFault(error.Message);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogClosed(logger, comm.RemoteAddress, error.Message);
        }
        finally
        {
            if (comm.Fault is { } fault)
            {
                LogProtocolError(logger, comm.RemoteAddress, fault);
            }
            open.TryRemove(comm, out _);
        }
    }

    /// <summary>Ends every connection that is no stream: a half-open handshake must not hold up the shutdown (row W12).</summary>
    public void CloseAll()
    {
        foreach (Connection comm in open.Keys)
        {
            comm.CloseBehindOutput();
        }
    }

    private async Task ShakeHandsAsync(Connection comm)
    {
        var hello = new MessageBatch();
        Handshake.Write(hello);
        comm.Send(hello);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(comm.Closed);
        timeout.CancelAfter(settings.ConnectTimeout);
        using FrameGroup answer = await comm.ReadAsync(timeout.Token).ConfigureAwait(false)
            ?? throw new IOException("closed before the handshake");
        _ = Handshake.Read(answer);
    }

    // Answers what takes the connection over; null if it has ended, or is to.
    private async Task<Func<Task>?> ServeRequestsAsync(Connection comm)
    {
        while (true)
        {
            using FrameGroup? message = await comm.ReadAsync().ConfigureAwait(false);
            if (message is null)
            {
                return null;
            }
            var call = new RpcCall(comm, message);
            if (call.Op == "close")
            {
                SayGoodbye(call);
                return null;
            }
            await operations.DispatchAsync(call).ConfigureAwait(false);
            if (call.Takeover is { } takeover)
            {
                return takeover;
            }
            if (call.WantsReply)
            {
                comm.Send(call.Reply);
            }
            if (call.CloseAfterwards)
            {
                return null;
            }
        }
    }

    // Row W26: no operation, but how a peer leaves.
    private static void SayGoodbye(RpcCall call)
    {
        if (call.WantsReply)
        {
            MessageWriter w = call.Reply.Single();
            w.Text("OK"u8);
            w.End();
            call.Comm.Send(call.Reply);
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Closing the connection from {Address}: {Reason}")]
    private static partial void LogProtocolError(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 11, Level = LogLevel.Debug, Message = "Connection from {Address} closed: {Reason}")]
    private static partial void LogClosed(ILogger logger, string address, string reason);
}
