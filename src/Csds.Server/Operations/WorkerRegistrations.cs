using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>Workers and nannies connect (rows R5 to R7, W44 to W50).</summary>
public sealed partial class WorkerRegistrations(
    Reactor reactor, StreamDirectory streams, CommPool pool, PluginStore plugins, VersionMismatch mismatch, ILogger logger)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("register-worker", RegisterWorkerAsync);
        table.Add("heartbeat_worker", HeartbeatWorkerAsync);
        table.Add("unregister", UnregisterAsync);
        table.Add("register_nanny", RegisterNannyAsync);
    }

    private async Task RegisterWorkerAsync(RpcCall call)
    {
        WorkerRegistration registration = ReadRegistration(call);
        Connection comm = call.Comm;
        streams.Add(comm);
        WorkerState? ws = null;
        Workers.Refusal? refusal = await reactor.AskAsync((s, now) =>
        {
            Workers.Refusal? refused = s.AddWorker(registration, comm.Number, now, out ws);
            if (refused is null)
            {
                // Tasks for the worker may be in the outbox already: the answer has to be the first message.
                WriteWelcome(call.Reply, s, registration, now);
                comm.Send(call.Reply);
            }
            return refused;
        }).ConfigureAwait(false);
        if (refusal is not null)
        {
            streams.Remove(comm);
            WriteRefusal(call, refusal);
            return;
        }
        LogStarting(logger, registration.Address);
        call.Takeover = Stream(ws!, comm);
    }

    // A function that knows of these two and not of the registration.
    private Func<Task> Stream(WorkerState ws, Connection comm) => () => StreamAsync(ws, comm);

    private async Task StreamAsync(WorkerState ws, Connection comm)
    {
        try
        {
            while (await comm.ReadAsync().ConfigureAwait(false) is { } frames)
            {
                await reactor.PostAsync(new WorkerMessages(ws, comm, frames)).ConfigureAwait(false);
            }
        }
        finally
        {
            streams.Remove(comm);
            pool.Forget(ws.Address);
            await reactor.TellAsync((s, now) => s.WorkerStreamEnded(ws, now)).ConfigureAwait(false);
        }
    }

    private Task HeartbeatWorkerAsync(RpcCall call) => reactor.TellAsync((s, now) =>
    {
        MessageReader reader = call.Read();
        bool known = s.HeartbeatWorker(ref reader, now);
        MessageWriter w = call.Reply.Single();
        w.Map(known ? 3 : 1);
        w.Field("status"u8, known ? "OK"u8 : "missing"u8);
        if (known)
        {
            w.Field("time"u8, now);
            w.Field("heartbeat-interval"u8, Heartbeats.Interval(s.Workers.Count));
        }
        w.End();
    });

    private Task UnregisterAsync(RpcCall call)
    {
        Key address = default;
        bool expected = false, close = true;
        byte[]? stimulus = null;
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "address": address = reader.ReadKey(); break;
                case "safe" or "expected": expected = reader.ReadBoolean(); break;
                case "close": close = reader.ReadBoolean(); break;
                case "stimulus_id": stimulus = reader.ReadToken().ToArray(); break;
                default: reader.Skip(); break;
            }
        }
        return reactor.TellAsync((s, now) =>
        {
            WorkerState? ws = s.FindWorker(address);
            if (ws is not null)
            {
                s.RemoveWorker(ws, stimulus ?? Tokens.String("unregister"), expected, close, now);
            }
            MessageWriter w = call.Reply.Single();
            w.Text(ws is not null ? "OK"u8 : "already-removed"u8);
            w.End();
        });
    }

    private async Task RegisterNannyAsync(RpcCall call)
    {
        bool twoPhases = await reactor.AskAsync((s, _) => s.Options.Dialect.TwoPhaseNannies).ConfigureAwait(false);
        var answer = new MessageBatch();
        MessageWriter w = answer.Single();
        w.Map(2);
        w.Field("status"u8, "OK"u8);
        w.Text("nanny-plugins"u8);
        plugins.WriteNannyPlugins(ref w);
        w.End();
        call.Comm.Send(answer);
        call.WantsReply = twoPhases && call.WantsReply;
        if (twoPhases)
        {
            // The nanny starts its worker and then says how that went; a plugin registered meanwhile waits for it.
            using IDisposable starting = plugins.NannyStarting();
            using FrameGroup? result = await call.Comm.ReadAsync().ConfigureAwait(false);
        }
    }

    private static WorkerRegistration ReadRegistration(RpcCall call)
    {
        MessageReader reader = call.Read();
        return WorkerRegistration.Read(ref reader);
    }

    private void WriteWelcome(MessageBatch reply, SchedulerState s, WorkerRegistration registration, double now)
    {
        string warning = mismatch.Warning(s, registration.Versions, registration.ServerId);
        MessageWriter w = reply.Single();
        w.Map(6);
        w.Field("status"u8, "OK"u8);
        w.Field("time"u8, now);
        w.Field("heartbeat-interval"u8, Heartbeats.Interval(s.Workers.Count));
        w.Text("worker-plugins"u8);
        plugins.WriteWorkerPlugins(ref w);
        w.Field("warning"u8, warning);
        w.Field("error"u8, "");
        w.End();
    }

    private void WriteRefusal(RpcCall call, Workers.Refusal refusal)
    {
        if (refusal.Raise)
        {
            throw DaskException.ValueError(refusal.Message);
        }
        // A worker asks for no reply: it knows that it gets one.
        call.WantsReply = true;
        MessageWriter w = call.Reply.Single();
        w.Map(3);
        w.Field("status"u8, "error"u8);
        w.Field("message"u8, refusal.Message);
        w.Field("time"u8, reactor.Now);
        w.End();
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Starting worker compute stream, {Address}")]
    private static partial void LogStarting(ILogger logger, string address);
}
