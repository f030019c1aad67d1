using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Takes a client's graph from its message to the state: expansion, by the native reader or the helper, and ordering
/// happen here, beside the reactor; the rest in turns of it, a part of the graph in each (row S83).
/// </summary>
/// <remarks>
/// A small graph is read at once by the thread that has received it: two changes of threads would cost more. A large one would keep
/// that thread from its sockets (ADR 0016).
/// </remarks>
public sealed class GraphSubmissions(Reactor reactor, IGraphExpander expander)
{
    /// <summary>Bytes of a transfer that may have a small graph.</summary>
    public const int ShortBytes = 256 * 1024;

    /// <summary>Tasks of a small graph: some milliseconds.</summary>
    private const int SmallTasks = 2048;

    /// <summary>Whether any message of a transfer carries a graph.</summary>
    public static bool HasGraph(FrameGroup frames)
    {
        var reader = new MessageReader(frames);
        if (reader.NextType != MessagePackType.Array)
        {
            return IsGraph(ref reader);
        }
        int count = reader.ReadArrayHeader();
        for (int i = 0; i < count; i++)
        {
            if (IsGraph(ref reader))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether a message carries a graph.</summary>
    public static bool IsGraph(Opaque message)
    {
        var reader = new MessageReader(message);
        return IsGraph(ref reader);
    }

    /// <summary>The messages of a transfer, each with its own frames. They are valid as long as <paramref name="frames"/>.</summary>
    public static IReadOnlyList<Opaque> Split(FrameGroup frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var messages = new List<Opaque>();
        var reader = new MessageReader(frames);
        int count = reader.NextType == MessagePackType.Array ? reader.ReadArrayHeader() : 1;
        if (count == 1)
        {
            return [reader.Rest()]; // Mostly the graph alone, which may be large.
        }
        for (int i = 0; i < count; i++)
        {
            messages.Add(reader.ReadOpaque());
        }
        return messages;
    }

    /// <summary>Expands a graph and submits it; completes when it is in the state, or has failed there.</summary>
    /// <param name="client">Who has sent it.</param>
    /// <param name="message">The message.</param>
    /// <param name="isShort">Whether the thread is one that waits for sockets: it is left if the graph is not small.</param>
    /// <param name="clientGone">When the client has gone.</param>
    /// <exception cref="ProtocolException">The message is malformed.</exception>
    public async Task SubmitAsync(ClientState client, Opaque message, bool isShort, CancellationToken clientGone)
    {
        ArgumentNullException.ThrowIfNull(client);
        double start = await reactor.AskAsync((s, now) =>
        {
            s.BeginGraphUpdate();
            return now;
        }).ConfigureAwait(false);
        GraphMessage read = await ReadAsync(client, message, isShort).ConfigureAwait(false);
        GraphUpdate update = read.Update;
        try
        {
            GraphMaterialized graph = await expander.ExpandAsync(message, read, clientGone).ConfigureAwait(false);
            GraphArrival arrival = await reactor.AskAsync((s, now) => new GraphArrival(s, update, graph, start, now)).ConfigureAwait(false);
            var collection = new ArrivalCollection(graph.Count);
            while (await reactor.AskAsync((_, now) => arrival.Advance(now)).ConfigureAwait(false))
            {
                collection.Look();
            }
            collection.End();
        }
        catch (GraphExpansionException error)
        {
            await reactor.TellAsync((s, now) => s.GraphFailed(update, error.Failure, now)).ConfigureAwait(false);
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error) || error is OperationCanceledException)
        {
            byte[] pickle = PickleWriter.Exception("builtins", "RuntimeError", error.Message);
            var failure = new Failure(Opaque.FromBytes(pickle), null, error.Message, null);
            await reactor.TellAsync((s, now) => s.GraphFailed(update, failure, now)).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<GraphMessage> ReadAsync(ClientState client, Opaque message, bool isShort)
    {
        try
        {
            GraphMessage read = expander.Read(message, client.ClientKey, isShort ? SmallTasks : int.MaxValue);
            if (read.HasTooMany)
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                read = expander.Read(message, client.ClientKey);
            }
            return read;
        }
        catch
        {
            await reactor.TellAsync((s, _) => s.AbandonGraphUpdate()).ConfigureAwait(false);
            throw;
        }
    }

    // Looks at an item's op, and steps over it if it is no graph; the item may be the text "OK".
    private static bool IsGraph(ref MessageReader reader)
    {
        if (reader.NextType != MessagePackType.Map)
        {
            reader.Skip();
            return false;
        }
        MessageReader fields = reader.Peek();
        int entries = fields.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!fields.ReadUtf8().SequenceEqual("op"u8))
            {
                fields.Skip();
                continue;
            }
            ReadOnlySpan<byte> op = fields.ReadUtf8();
            if (op.SequenceEqual("update-graph"u8) || op.SequenceEqual("update-graph-hlg"u8))
            {
                return true;
            }
            break;
        }
        reader.Skip();
        return false;
    }
}
