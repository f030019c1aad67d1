using System.Collections.Concurrent;
using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Serves one operation: reads the call, writes its answer.</summary>
public delegate Task RpcHandler(RpcCall call);

/// <summary>
/// The operations that any connection may ask for (rows R1 to R56), by name. Unknown ones answer None, as Dask does
/// (row W30).
/// </summary>
public sealed partial class RpcTable(ServerSettings settings, ILogger logger)
{
    private readonly ConcurrentDictionary<string, RpcHandler> handlers = new();

    /// <summary>The operations that exist.</summary>
    public IReadOnlyCollection<string> Operations => [.. handlers.Keys];

    /// <summary>Adds an operation.</summary>
    public void Add(string op, RpcHandler handler)
    {
        if (!handlers.TryAdd(op, handler))
        {
            throw new ArgumentException($"operation {op} exists already", nameof(op));
        }
    }

    /// <summary>Adds an operation or takes the place of the one that there is, while others may be asked for.</summary>
    public void Replace(string op, RpcHandler handler) => handlers[op] = handler;

    /// <summary>Adds all operations of another table, as they are now.</summary>
    public void AddAll(RpcTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach ((string op, RpcHandler handler) in other.handlers)
        {
            Add(op, handler);
        }
    }

    /// <summary>Serves a call; whatever goes wrong becomes the answer (row W29).</summary>
    public async Task DispatchAsync(RpcCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        try
        {
            await CallAsync(call).ConfigureAwait(false);
        }
        catch (Exception error) when (!MessageReader.IsProtocolError(error))
        {
            LogFailed(logger, error, call.Op);
            call.Reply.Clear();
            if (error is PeerErrorException forwarded)
            {
                forwarded.Write(call.Reply);
            }
            else
            {
                DaskException.From(error).Write(call.Reply);
            }
        }
        if (call.Reply.Count == 0)
        {
            MessageWriter w = call.Reply.Single();
            w.Nil();
            w.End();
        }
    }

    private Task CallAsync(RpcCall call)
    {
        if (settings.BlockedHandlers.Contains(call.Op))
        {
            throw new DaskException(
                "builtins", "ValueError",
                $"The '{call.Op}' handler has been explicitly disallowed in Scheduler, possibly due to security concerns.");
        }
        if (handlers.TryGetValue(call.Op, out RpcHandler? handler))
        {
            return handler(call);
        }
        LogUnknown(logger, call.Op, call.Comm.RemoteAddress);
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "No handler {Op} found in Scheduler, asked by {Address}")]
    private static partial void LogUnknown(ILogger logger, string op, string address);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "Operation {Op} failed")]
    private static partial void LogFailed(ILogger logger, Exception error, string op);
}
