using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Who can be sent stream messages: a worker or a client. Pseudo clients (queues, variables, datasets,
/// <c>fire-and-forget</c>) have no stream, and messages for them go nowhere.
/// </summary>
public abstract class StreamPeer(long insertion) : Numbered(insertion)
{
    /// <summary>The host's number for the stream's connection; 0: none.</summary>
    public long Connection { get; private protected init; }

    /// <summary>Messages written since the last drain; owned by <see cref="Outbox"/>.</summary>
    internal MessageBatch? OpenBatch { get; set; }

    /// <summary>The stream has ended: nothing is written any more.</summary>
    internal bool StreamClosed { get; set; }
}
