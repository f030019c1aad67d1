using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>A client, or a pseudo client that holds keys for a queue, variable or dataset: Dask's <c>ClientState</c>.</summary>
public sealed class ClientState : StreamPeer
{
#pragma warning disable CA1051 // A mutable struct that must not be copied.
    /// <summary>The tasks that it wants to keep.</summary>
    public OrderedSet<TaskState> WantsWhat;
#pragma warning restore CA1051

    internal ClientState(string clientKey, long insertion, long connection, Opaque? versions, double now)
        : base(insertion)
    {
        ClientKey = clientKey;
        Connection = connection;
        Versions = versions;
        LastSeen = now;
        StreamClosed = connection == 0;
    }

    /// <summary>The client's id, such as <c>Client-5f0c...</c>.</summary>
    public string ClientKey { get; }

    /// <summary>What the client said of its packages.</summary>
    public Opaque? Versions { get; }

    /// <summary>Seconds since 1970 of its last heartbeat.</summary>
    public double LastSeen { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => $"<Client '{ClientKey}'>";
}
