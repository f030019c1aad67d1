using System.Runtime.InteropServices;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What the core wants to happen: messages, in one open batch per peer, and effects. Output is a value: the host
/// drains it once per turn, tests print it, the simulator delivers it. A batch that is full makes room for another.
/// </summary>
public sealed class Outbox
{
    /// <summary>One or two tasks of ordinary size.</summary>
    private const int BatchBytes = 2048;

    /// <summary>Batches that are kept for further use, beside one for each worker.</summary>
    private const int SpareBatches = 64;

    private readonly List<(StreamPeer Peer, MessageBatch Batch)> written = [];
    private readonly List<Effect> effects = [];
    private readonly MessageBatch discarded = new();

    // Batches come back from any thread.
    private readonly Lock poolGate = new();
    private readonly Stack<MessageBatch> pool = new();
    private int kept = SpareBatches;

    /// <summary>
    /// Whether more for the same peers is about to be written, so that what there is had better wait for it: it is a hint, and only
    /// for some turns.
    /// </summary>
    public bool IsHeld { get; internal set; }

    /// <summary>True if nothing waits to be drained.</summary>
    public bool IsEmpty => written.Count == 0 && effects.Count == 0;

    /// <summary>The batch that messages for <paramref name="peer"/> go into.</summary>
    internal MessageBatch To(StreamPeer peer)
    {
        MessageBatch? open = peer.OpenBatch;
        if (open is { IsFull: false })
        {
            return open;
        }
        if (peer.StreamClosed)
        {
            discarded.Clear();
            return discarded;
        }
        MessageBatch batch = TakeFromPool() ?? new MessageBatch(BatchBytes);
        if (open is not null)
        {
            batch.ExpectToBeFilled();
        }
        peer.OpenBatch = batch;
        written.Add((peer, batch));
        return batch;
    }

    /// <summary>
    /// There is a worker more: the memory for its batch is there from now on, and not only when the first graph goes out to all
    /// workers at once.
    /// </summary>
    internal void WorkerAdded()
    {
        lock (poolGate)
        {
            kept++;
            pool.Push(new MessageBatch(BatchBytes));
        }
    }

    /// <summary>There is a worker less.</summary>
    internal void WorkerRemoved()
    {
        lock (poolGate)
        {
            kept--;
            if (pool.Count > kept)
            {
                pool.Pop();
            }
        }
    }

    internal void Add(Effect effect) => effects.Add(effect);

    internal void Log(LogSeverity severity, string text, string logger = LoggerNames.Scheduler) =>
        effects.Add(new LogLine(severity, text, logger));

    /// <summary>
    /// Hands out every batch, in the order in which they were begun, and then every effect. Who
    /// takes a batch gives it back with <see cref="Return"/>, from any thread.
    /// </summary>
    public void Drain(Action<StreamPeer, MessageBatch> send, Action<Effect> perform)
    {
        ArgumentNullException.ThrowIfNull(send);
        ArgumentNullException.ThrowIfNull(perform);
        foreach ((StreamPeer peer, MessageBatch batch) in written)
        {
            Send(peer, batch, send);
        }
        written.Clear();
        // An effect is performed after the messages before it are on their way: a stream is closed behind its last message.
        for (int i = 0; i < effects.Count; i++)
        {
            perform(effects[i]);
        }
        effects.Clear();
    }

    /// <summary>
    /// The same, but what can wait (<see cref="MessageBatch.CanWait"/>) stays for now, unless there is an effect. Answers whether
    /// anything stays: the host drains all of it some milliseconds later, if nothing else takes it along until then.
    /// </summary>
    public bool DrainUrgent(Action<StreamPeer, MessageBatch> send, Action<Effect> perform)
    {
        if (effects.Count > 0)
        {
            Drain(send, perform);
            return false;
        }
        ArgumentNullException.ThrowIfNull(send);
        int kept = 0;
        foreach ((StreamPeer Peer, MessageBatch Batch) next in CollectionsMarshal.AsSpan(written))
        {
            if (next.Batch is { CanWait: true, IsFull: false, Count: > 0 })
            {
                written[kept++] = next;
            }
            else
            {
                Send(next.Peer, next.Batch, send);
            }
        }
        written.RemoveRange(kept, written.Count - kept);
        return kept > 0;
    }

    private void Send(StreamPeer peer, MessageBatch batch, Action<StreamPeer, MessageBatch> send)
    {
        if (ReferenceEquals(peer.OpenBatch, batch))
        {
            peer.OpenBatch = null; // Not if another one has been begun behind a full one.
        }
        if (batch.Count > 0)
        {
            send(peer, batch);
        }
        else
        {
            Return(batch); // Opened for a list of keys that was empty.
        }
    }

    /// <summary>Takes a batch back for its next use.</summary>
    public void Return(MessageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        lock (poolGate)
        {
            if (pool.Count < kept)
            {
                pool.Push(batch);
            }
        }
    }

    private MessageBatch? TakeFromPool()
    {
        lock (poolGate)
        {
            return pool.TryPop(out MessageBatch? batch) ? batch : null;
        }
    }
}
