using Csds.Protocol;
using Microsoft.AspNetCore.Connections;

namespace Csds.Server;

/// <summary>Accepts comms: Kestrel hands every connection on the scheduler's port to this.</summary>
public sealed class CommListener(CommServer server) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        await using var comm = new Connection(connection, FrameLimits.Default);
        await server.ServeAsync(comm).ConfigureAwait(false);
    }
}
