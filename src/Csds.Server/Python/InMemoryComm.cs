using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Csds.Server;

/// <summary>A comm within this process, for a peer that is reached in another way than by the network.</summary>
internal static class InMemoryComm
{
    /// <summary>Both ends: what is sent at one is read at the other.</summary>
    internal static (Connection Server, Connection Peer) Pair()
    {
        var toServer = new Pipe();
        var toPeer = new Pipe();
        return (End(toServer.Reader, toPeer.Writer), End(toPeer.Reader, toServer.Writer));
    }

    private static Connection End(PipeReader input, PipeWriter output)
    {
        var context = new DefaultConnectionContext(Guid.NewGuid().ToString()) { Transport = new Ends(input, output) };
        return new Connection(context, new ServerSettings());
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
