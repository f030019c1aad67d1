using System.Collections.Concurrent;
using System.Net.Sockets;
using Csds.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Calls workers and nannies (rows SR1 to SR11): one request at a time on a comm, and comms that are free are used
/// again, as Dask's <c>ConnectionPool</c>.
/// </summary>
public sealed class CommPool(ServerSettings settings, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, HashSet<Connection>> idle = [];
    private readonly ConcurrentDictionary<Connection, string> busy = new();
    private readonly Dialer dialer = new(settings, loggers.CreateLogger("distributed.core"));

    /// <summary>Number of comms that are free.</summary>
    internal int IdleCount
    {
        get
        {
            lock (gate)
            {
                return idle.Values.Sum(comms => comms.Count);
            }
        }
    }

    /// <summary>Sends a request and answers the reply's message, whose memory the caller disposes of.</summary>
    /// <exception cref="IOException">The peer cannot be reached, or the connection broke.</exception>
    public Task<FrameGroup> CallAsync(string address, MessageBatch request, CancellationToken cancel = default) =>
        CallAsync(address, request, null, cancel);

    /// <summary>Sends a request, reads the reply, and sends <paramref name="acknowledgement"/> if it is given.</summary>
    /// <exception cref="IOException">The peer cannot be reached, or the connection broke.</exception>
    public async Task<FrameGroup> CallAsync(
        string address, MessageBatch request, MessageBatch? acknowledgement, CancellationToken cancel = default)
    {
        // A comm that lay idle may have been closed by the peer: then a fresh one is tried, unless the peer has left.
        while (TryTakeIdle(address, out Connection? used))
        {
            try
            {
                return await CallOnAsync(used, address, request, acknowledgement, cancel).ConfigureAwait(false);
            }
            catch (IOException error) when (error.InnerException is not ConnectionAbortedException && !cancel.IsCancellationRequested)
            {
            }
        }
        Connection comm = await ConnectAsync(address, cancel).ConfigureAwait(false);
        comm.Closed.UnsafeRegister(_ => Drop(address, comm), null);
        return await CallOnAsync(comm, address, request, acknowledgement, cancel).ConfigureAwait(false);
    }

    /// <summary>Closes all comms to a peer that is gone: Dask's <c>ConnectionPool.remove</c>. Calls under way fail.</summary>
    public void Forget(string address)
    {
        IEnumerable<Connection> calling = busy.Where(b => b.Value == address).Select(b => b.Key);
        IEnumerable<Connection> free;
        lock (gate)
        {
            free = idle.Remove(address, out HashSet<Connection>? comms) ? comms : [];
        }
        foreach (Connection comm in calling.Concat(free))
        {
            comm.Abort("the peer is gone");
        }
    }

    /// <summary>Opens a comm: connects and shakes hands.</summary>
    /// <exception cref="IOException">The peer cannot be reached in time.</exception>
    public async Task<Connection> ConnectAsync(string address, CancellationToken cancel = default)
    {
        CommAddress parsed = CommAddress.Parse(address);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(settings.ConnectTimeout);
        Connection? comm = null;
        try
        {
            comm = new Connection(await dialer.DialAsync(parsed, timeout.Token).ConfigureAwait(false), settings);
            var hello = new MessageBatch();
            Handshake.Write(hello);
            comm.Send(hello);
            using FrameGroup answer = await comm.ReadAsync(timeout.Token).ConfigureAwait(false)
                ?? throw new IOException($"{address} closed before the handshake");
            _ = Handshake.Read(answer);
            return comm;
        }
        catch (Exception error)
        {
            comm?.Abort(error.Message);
            if (error is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw new ConnectFailedException(
                    $"Timed out trying to connect to {address} after {settings.ConnectTimeout.TotalSeconds} s", error);
            }
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        string[] addresses;
        lock (gate)
        {
            addresses = [.. idle.Keys];
        }
        foreach (string address in addresses)
        {
            Forget(address);
        }
        dialer.Dispose();
        await ValueTask.CompletedTask.ConfigureAwait(false);
    }

    private bool TryTakeIdle(string address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Connection? comm)
    {
        lock (gate)
        {
            comm = idle.TryGetValue(address, out HashSet<Connection>? comms) ? comms.First() : null;
            return comm is not null && Remove(address, comm);
        }
    }

    private void Keep(string address, Connection comm)
    {
        lock (gate)
        {
            if (!idle.TryGetValue(address, out HashSet<Connection>? comms))
            {
                idle[address] = comms = [];
            }
            comms.Add(comm);
            if (comm.Closed.IsCancellationRequested)
            {
                Remove(address, comm);
            }
        }
    }

    // A comm has ended. One whose peer has left would keep its socket for good: nobody reads from it.
    private void Drop(string address, Connection comm)
    {
        lock (gate)
        {
            Remove(address, comm);
        }
        comm.Abort("the peer has closed the connection");
    }

    private bool Remove(string address, Connection comm)
    {
        if (!idle.TryGetValue(address, out HashSet<Connection>? comms) || !comms.Remove(comm))
        {
            return false;
        }
        if (comms.Count == 0)
        {
            idle.Remove(address);
        }
        return true;
    }

    private async Task<FrameGroup> CallOnAsync(
        Connection comm, string address, MessageBatch request, MessageBatch? acknowledgement, CancellationToken cancel)
    {
        busy[comm] = address;
        try
        {
            comm.Send(request);
            FrameGroup reply = await comm.ReadAsync(cancel).ConfigureAwait(false)
                ?? throw new IOException($"{address} closed the connection");
            if (acknowledgement is not null)
            {
                comm.Send(acknowledgement);
            }
            Keep(address, comm);
            return reply;
        }
        catch (Exception error)
        {
            comm.Abort(error.Message);
            if (MessageReader.IsProtocolError(error))
            {
                throw new IOException($"{address} broke the protocol: {error.Message}", error);
            }
            throw;
        }
        finally
        {
            busy.TryRemove(comm, out _);
        }
    }
}
