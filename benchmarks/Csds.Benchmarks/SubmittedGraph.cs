using System.Buffers;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Server;
using Csds.ZeroClient;

namespace Csds.Benchmarks;

/// <summary>A graph of the zero client's, read as the server reads what a 2022 client sends.</summary>
internal sealed record SubmittedGraph(GraphUpdate Update, GraphMaterialized Graph)
{
    /// <summary>Reads a graph by its name, such as <c>merge-10000</c>.</summary>
    internal static SubmittedGraph Read(string name) => Read(GeneratedGraph.Build(name).Wire);

    /// <summary>Reads what a client sends for a graph, and orders it.</summary>
    internal static SubmittedGraph Read(byte[] wire)
    {
        var bytes = new ReadOnlySequence<byte>(wire);
        if (!new FrameReader().TryRead(ref bytes, out FrameGroup? frames))
        {
            throw new ProtocolException("not one whole transfer");
        }
        var reader = new MessageReader(frames);
        _ = reader.ReadArrayHeader();
        Opaque message = reader.ReadOpaque();
        var expander = new GraphExpander(Dialect.Dask2022, (_, _) => throw new InvalidOperationException("Python is not needed here"));
        GraphMessage read = expander.Read(message, EmbeddedCluster.Client);
        return new SubmittedGraph(read.Update, expander.ExpandAsync(message, read, CancellationToken.None).GetAwaiter().GetResult());
    }
}
