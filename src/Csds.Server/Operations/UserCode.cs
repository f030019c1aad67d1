using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Requests that run user code (rows R34 to R36, and <c>versions</c> of further packages): passed on to the scheduler's
/// Python, where Dask's own functions serve them.
/// </summary>
public sealed partial class UserCode(SchedulerPython python, bool pickleAllowed, ILogger logger)
{
    private const string SettingName = "'distributed.scheduler.pickle'";

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("run_function", RunFunctionAsync);
        table.Add("feed", FeedAsync);
        table.Add("register_scheduler_plugin", RegisterAsync);
        table.Add("unregister_scheduler_plugin", UnregisterAsync);
    }

    /// <summary>Passes a request on and answers what comes back.</summary>
    public async Task ForwardAsync(RpcCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        Write(call.Reply, await AskAsync(call, call.ToOpaque(), null).ConfigureAwait(false));
    }

    private Task RunFunctionAsync(RpcCall call) => pickleAllowed
        ? ForwardAsync(call)
        : throw DaskException.ValueError(
            "Cannot run function as the scheduler has been explicitly disallowed from "
            + $"deserializing arbitrary bytestrings using pickle via the {SettingName} configuration setting.");

    private async Task FeedAsync(RpcCall call)
    {
        if (!pickleAllowed)
        {
            LogFeedDisallowed(logger);
            return;
        }
        void Push(Opaque message)
        {
            var batch = new MessageBatch();
            Write(batch, message);
            call.Comm.Send(batch);
        }
        try
        {
            Write(call.Reply, await AskAsync(call, call.ToOpaque(), Push).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The peer has had enough.
            call.WantsReply = false;
        }
    }

    private async Task RegisterAsync(RpcCall call)
    {
        if (!pickleAllowed)
        {
            throw DaskException.ValueError(
                "Cannot register a scheduler plugin as the scheduler "
                + $"has been explicitly disallowed from deserializing arbitrary bytestrings using pickle via the {SettingName} "
                + "configuration setting.");
        }
        Opaque registration = call.ToOpaque();
        Opaque reply = await AskAsync(call, registration, null).ConfigureAwait(false);
        var arguments = new Arguments(call);
        if (reply.IsNil && arguments.Text("name") is { } name)
        {
            python.Keep(name, registration, arguments.Bool("idempotent", otherwise: false));
        }
        Write(call.Reply, reply);
    }

    private async Task UnregisterAsync(RpcCall call)
    {
        Opaque reply = await AskAsync(call, call.ToOpaque(), null).ConfigureAwait(false);
        if (reply.IsNil)
        {
            python.Drop(new Arguments(call).Text("name") ?? "");
        }
        Write(call.Reply, reply);
    }

    private async Task<Opaque> AskAsync(RpcCall call, Opaque message, Action<Opaque>? push)
    {
        try
        {
            return await python.AskAsync(message, push, call.Comm.Closed).ConfigureAwait(false);
        }
        catch (HelperException error)
        {
            throw DaskException.From(error);
        }
    }

    private static void Write(MessageBatch batch, Opaque value)
    {
        MessageWriter w = batch.Single();
        w.Value(value);
        w.End();
    }

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning, Message =
        "Tried to call 'feed' route with custom functions, but pickle is disallowed.  Set the 'distributed.scheduler.pickle'"
        + "config value to True to use the 'feed' route (this is mostly commonly used with progress bars)")]
    private static partial void LogFeedDisallowed(ILogger logger);
}
