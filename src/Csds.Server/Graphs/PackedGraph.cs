using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Reads graphs that 2022's clients send as plain msgpack, without any Python (rows CS1, CS2, S68 to S70): those whose
/// layers are all known (<see cref="LayerReaders"/>), and the flat form in which futures that were unpickled are declared.
/// Mirrors <c>HighLevelGraph.__dask_distributed_unpack__</c>.
/// </summary>
public sealed class PackedGraph : IGraphReader
{
    /// <summary>Tasks that layers get room for unseen: a short message can announce many.</summary>
    private const int MostExpected = 64 * 1024;

    private readonly LayerTasks tasks;
    private readonly PackedAnnotations annotations;
    private bool hasGraph;
    private bool isUnread;

    /// <summary>Prepares for one message.</summary>
    /// <param name="mostTasks">A graph with more is not read.</param>
    public PackedGraph(int mostTasks = int.MaxValue)
    {
        tasks = new LayerTasks(mostTasks);
        annotations = new PackedAnnotations(tasks.Graph);
    }

    /// <summary>Whether the graph was not read because it has too many tasks.</summary>
    public bool HasTooMany => tasks.IsTooMany;

    /// <inheritdoc/>
    /// <remarks>False as well for a graph that needs Python, or has too many tasks.</remarks>
    public bool TryRead(string name, ref MessageReader reader)
    {
        switch (name)
        {
            case "hlg" or "tasks":
                return TryReadGraph(ref reader, isFlat: name == "tasks");
            case "dependencies":
                MaterializedLayer.ReadDependencies(ref reader, tasks.Graph);
                return true;
            case "priority" when hasGraph && !isUnread:
                ReadOrder(ref reader);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public Key KeyOf(ReadOnlySpan<byte> token) => tasks.Graph.TryFind(token, out int name) ? tasks.Graph.KeyOf(name) : new Key(token.ToArray());

    /// <summary>The graph that was read; null if there is none.</summary>
    public GraphMaterialized? Build()
    {
        tasks.Calls.Complete();
        return hasGraph && !isUnread ? tasks.Graph.Build(annotations.ByName) : null;
    }

    private bool TryReadGraph(ref MessageReader reader, bool isFlat)
    {
        hasGraph = hasGraph ? throw new ProtocolException("a message has two graphs") : true;
        tasks.IsReadForGood = isFlat;
        MessageReader graph = reader.Peek();
        isUnread = !(isFlat ? MaterializedLayer.TryReadTasks(ref graph, tasks) : TryReadLayers(ref graph));
        if (isUnread)
        {
            return false;
        }
        reader = graph;
        return true;
    }

    private bool TryReadLayers(ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("layers"u8))
            {
                reader.Skip();
                continue;
            }
            int layers = reader.ReadArrayHeader();
            tasks.Graph.Expect(Math.Min(layers, MostExpected)); // Of delayed functions each has one.
            for (int k = 0; k < layers; k++)
            {
                // Behind the last one nothing is left that may need Python, and tasks as they are do not.
                tasks.IsReadForGood = k == layers - 1 && i == entries - 1;
                if (!TryReadLayer(ref reader))
                {
                    return false;
                }
            }
        }
        return true;
    }

    // False for a layer that only Python understands, and if there are too many tasks.
    private bool TryReadLayer(ref MessageReader reader)
    {
        tasks.BeginLayer();
        ReadOnlySpan<byte> module = [], name = [];
        bool hasModule = false, isRead = false;
        MessageReader state = default, layerAnnotations = default;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> field = reader.ReadUtf8();
            if (field.SequenceEqual("__module__"u8))
            {
                hasModule = !reader.TryReadNil();
                module = hasModule ? reader.ReadUtf8() : [];
            }
            else if (field.SequenceEqual("__name__"u8))
            {
                name = reader.TryReadNil() ? [] : reader.ReadUtf8();
            }
            else if (field.SequenceEqual("state"u8) && LayerReaders.For(module, name) is { } read)
            {
                isRead = read(ref reader, tasks); // At once: to pass over it first would take a while.
                if (!isRead)
                {
                    return false;
                }
            }
            else
            {
                if (field.SequenceEqual("state"u8))
                {
                    state = reader.Peek();
                }
                else if (field.SequenceEqual("annotations"u8))
                {
                    layerAnnotations = reader.Peek();
                    tasks.IsReadForGood = false; // These are read last, wherever they stand.
                }
                reader.Skip();
            }
        }
        // Layer's own default packing has no module.
        LayerReader? later = hasModule ? LayerReaders.For(module, name) : MaterializedLayer.TryRead;
        if (!isRead && (later is null || !(state.End || later(ref state, tasks))))
        {
            return false;
        }
        ReadAnnotations(layerAnnotations);
        return true;
    }

    private void ReadAnnotations(MessageReader reader)
    {
        if (!reader.End && reader.NextType == MessagePackType.Map && reader.Peek().ReadMapHeader() > 0)
        {
            annotations.Merge(ref reader, tasks.Layer);
        }
    }

    private void ReadOrder(ref MessageReader reader)
    {
        if (reader.TryReadNil())
        {
            return;
        }
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            int name = tasks.Graph.Name(reader.ReadKeyToken());
            tasks.Graph.Place(name, reader.ReadInt32());
        }
    }
}
