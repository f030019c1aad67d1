using System.Collections.Frozen;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Takes in the messages of streams: the vocabulary of workers and clients, one entry per op (rows CS1 to CS17, WS1 to
/// WS13). The table is also what <c>docs/compatibility.md</c> is generated from.
/// </summary>
public static class Inbox
{
    private delegate void WorkerHandler(SchedulerState s, WorkerState ws, ref MessageReader message);

    private delegate void ClientHandler(SchedulerState s, ClientState cs, ref MessageReader message);

    private static readonly FrozenDictionary<string, WorkerHandler> workerOps = new Dictionary<string, WorkerHandler>
    {
        ["task-finished"] = (SchedulerState s, WorkerState ws, ref MessageReader m) => s.TaskFinished(ws, Scheduler.TaskFinished.Read(ref m)),
        ["task-erred"] = (SchedulerState s, WorkerState ws, ref MessageReader m) => s.TaskErred(ws, Scheduler.TaskErred.Read(ref m)),
        ["release-worker-data"] = FromWorker.ReleaseWorkerData,
        ["add-keys"] = FromWorker.AddKeys,
        ["long-running"] = FromWorker.LongRunning,
        ["reschedule"] = FromWorker.Reschedule,
        ["keep-alive"] = static (SchedulerState s, WorkerState ws, ref MessageReader m) => m.Skip(),
        ["log-event"] = FromWorker.LogEvent,
        ["worker-status-change"] = FromWorker.WorkerStatusChange,
        ["request-refresh-who-has"] = FromWorker.RequestRefreshWhoHas,
        ["pubsub-add-subscriber"] = StreamCoordination.PubSubAddSubscriber,
        ["pubsub-remove-subscriber"] = StreamCoordination.PubSubRemoveSubscriber,
        ["pubsub-remove-publisher"] = StreamCoordination.PubSubRemovePublisher,
        ["pubsub-msg"] = StreamCoordination.PubSubMessage,
        ["steal-response"] = FromWorker.StealResponse,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, ClientHandler> clientOps = new Dictionary<string, ClientHandler>
    {
        ["client-desires-keys"] = FromClient.DesiresKeys,
        ["client-releases-keys"] = FromClient.ReleasesKeys,
        ["report-key"] = FromClient.ReportKey,
        ["heartbeat-client"] = FromClient.Heartbeat,
        ["close-client"] = FromClient.Close,
        ["cancel-keys"] = FromClient.CancelKeys,
        ["subscribe-topic"] = FromClient.SubscribeTopic,
        ["unsubscribe-topic"] = FromClient.UnsubscribeTopic,
        ["update-data"] = FromClient.UpdateData,
        ["log-event"] = FromClient.LogEvent,
        ["queue-future-release"] = StreamCoordination.QueueFutureRelease,
        ["queue_release"] = StreamCoordination.QueueRelease,
        ["variable-future-release"] = StreamCoordination.VariableFutureReceived,
        ["variable-future-received-confirm"] = StreamCoordination.VariableFutureReceived,
        ["variable_delete"] = StreamCoordination.VariableDelete,
        ["publish_flush_batched_send"] = StreamCoordination.PublishFlush,
        ["pubsub-add-subscriber"] = StreamCoordination.PubSubAddSubscriber,
        ["pubsub-remove-subscriber"] = StreamCoordination.PubSubRemoveSubscriber,
        ["pubsub-msg"] = StreamCoordination.PubSubMessage,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, WorkerHandler>.AlternateLookup<ReadOnlySpan<char>> workerLookup =
        workerOps.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenDictionary<string, ClientHandler>.AlternateLookup<ReadOnlySpan<char>> clientLookup =
        clientOps.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The ops that a worker's stream may carry.</summary>
    public static IReadOnlyCollection<string> WorkerOps => workerOps.Keys;

    /// <summary>The ops that a client's stream may carry, graphs left out: the host has those expanded first.</summary>
    public static IReadOnlyCollection<string> ClientOps => clientOps.Keys;

    /// <summary>
    /// Handles one item of a worker's stream; <paramref name="message"/> stands at its map. Messages of a worker that
    /// is gone are passed over.
    /// </summary>
    /// <exception cref="ProtocolException">The message is malformed, or its op unknown.</exception>
    public static void Receive(this SchedulerState s, WorkerState ws, ref MessageReader message, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(ws);
        s.Now = now;
        if (ws.Status == WorkerStatus.Closed)
        {
            s.CountStale("worker-gone");
            message.Skip();
            return;
        }
        Span<char> op = stackalloc char[MaxOpLength];
        op = op[..ReadOp(message, op)];
        if (!workerLookup.TryGetValue(op, out WorkerHandler? handler))
        {
            throw new ProtocolException($"unknown op '{op}' on the stream of worker {ws.Address}");
        }
        handler(s, ws, ref message);
        s.CheckInvariants();
    }

    /// <summary>Handles one item of a client's stream; see the worker's.</summary>
    /// <exception cref="ProtocolException">The message is malformed, or its op unknown.</exception>
    public static void Receive(this SchedulerState s, ClientState cs, ref MessageReader message, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(cs);
        s.Now = now;
        if (!s.Clients.TryGetValue(cs.ClientKey, out ClientState? current) || !ReferenceEquals(current, cs))
        {
            s.CountStale("client-gone");
            message.Skip();
            return;
        }
        Span<char> op = stackalloc char[MaxOpLength];
        op = op[..ReadOp(message, op)];
        if (!clientLookup.TryGetValue(op, out ClientHandler? handler))
        {
            throw new ProtocolException($"unknown op '{op}' on the stream of client {cs.ClientKey}");
        }
        handler(s, cs, ref message);
        s.CheckInvariants();
    }

    private const int MaxOpLength = 64;

    // The op may stand anywhere in the map: 2022's workers put it last.
    private static int ReadOp(MessageReader message, Span<char> op)
    {
        int entries = message.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (message.ReadUtf8().SequenceEqual("op"u8))
            {
                ReadOnlySpan<byte> name = message.ReadUtf8();
                return name.Length <= MaxOpLength
                    ? Tokens.Utf8.GetChars(name, op)
                    : throw new ProtocolException($"an op of {name.Length} bytes");
            }
            message.Skip();
        }
        throw new ProtocolException("a message has no op");
    }
}
