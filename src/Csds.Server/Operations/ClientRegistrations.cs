using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Clients connect, and their streams are read (rows R5, W41 to W43).</summary>
public sealed class ClientRegistrations(
    Reactor reactor, StreamDirectory streams, GraphSubmissions graphs, VersionMismatch mismatch)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("register-client", RegisterClientAsync);
    }

    private async Task RegisterClientAsync(RpcCall call)
    {
        (string client, Opaque? versions) = Read(call);
        Connection comm = call.Comm;
        streams.Add(comm);
        ClientState cs = await reactor.AskAsync((s, now) =>
        {
            string warning = mismatch.Warning(s, versions, "Client");
            ClientState added = s.AddClient(client, comm.Number, versions, warning, now);
            // The client insists on a first transfer of exactly one message.
            reactor.Flush();
            return added;
        }).ConfigureAwait(false);
        call.Takeover = () => StreamAsync(cs, comm);
    }

    private async Task StreamAsync(ClientState cs, Connection comm)
    {
        try
        {
            while (await HandleNextAsync(cs, comm).ConfigureAwait(false))
            {
            }
        }
        finally
        {
            await reactor.TellAsync((s, now) => s.ClientStreamEnded(cs, now)).ConfigureAwait(false);
            streams.Remove(comm);
        }
    }

    // False at the end. Apart from the loop, which would hold one transfer until the next one has come: it may be a graph of
    // gigabytes.
    private async ValueTask<bool> HandleNextAsync(ClientState cs, Connection comm)
    {
        if (await comm.ReadAsync().ConfigureAwait(false) is not { } frames)
        {
            return false;
        }
        if (HasGraph(frames))
        {
            await SubmitAsync(cs, comm, frames).ConfigureAwait(false);
        }
        else
        {
            await reactor.PostAsync(new ClientMessages(cs, comm, frames)).ConfigureAwait(false);
        }
        return true;
    }

    private static bool HasGraph(FrameGroup frames)
    {
        try
        {
            return GraphSubmissions.HasGraph(frames);
        }
        catch
        {
            frames.Dispose(); // It is malformed, and nobody else gets it.
            throw;
        }
    }

    // Later messages of this client wait until its graph is in; nobody else's do (rows W38, F32).
    private async Task SubmitAsync(ClientState cs, Connection comm, FrameGroup frames)
    {
        using FrameGroup held = frames;
        bool isShort = frames.Bytes <= GraphSubmissions.ShortBytes;
        if (!isShort)
        {
            // Away from the thread that waits for sockets: a large graph takes seconds (ADR 0016).
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        foreach (Opaque message in GraphSubmissions.Split(frames))
        {
            if (GraphSubmissions.IsGraph(message))
            {
                await graphs.SubmitAsync(cs, message, isShort, comm.Closed).ConfigureAwait(false);
            }
            else
            {
                var single = new FrameGroup([message.Token, .. message.Frames]);
                await reactor.PostAsync(new ClientMessages(cs, comm, single)).ConfigureAwait(false);
            }
        }
    }

    private static (string Client, Opaque? Versions) Read(RpcCall call)
    {
        string? client = null;
        Opaque? versions = null;
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "client": client = reader.ReadString(); break;
                case "versions": versions = reader.ReadOpaque(); break;
                default: reader.Skip(); break;
            }
        }
        return (client ?? throw new ProtocolException("register-client lacks client"), versions);
    }
}
