using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Reads graphs that 2022's clients send as plain msgpack, without any Python (rows CS1, CS2, S68 to S70): those whose
/// layers are all materialised, and the flat form in which futures that were unpickled are declared.
/// </summary>
public sealed class PackedGraph : IGraphReader
{
    private readonly FlatGraph flat = new();
    private readonly SplitRunSpecs calls = new();
    private readonly Dictionary<Key, TaskAnnotations> annotations = new(KeyComparer.Instance);

    // Names of the tasks of the layer that is being read.
    private readonly List<int> layer = [];
    private bool hasGraph;
    private bool needsPython;

    /// <inheritdoc/>
    /// <remarks>False as well for a graph that needs Python.</remarks>
    public bool TryRead(string name, ref MessageReader reader)
    {
        switch (name)
        {
            case "hlg":
                hasGraph = true;
                MessageReader layers = reader.Peek();
                if (!TryReadLayers(ref layers))
                {
                    needsPython = true;
                    return false;
                }
                reader = layers;
                return true;
            case "tasks":
                hasGraph = true;
                ReadTasks(ref reader);
                return true;
            case "dependencies":
                ReadDependencies(ref reader);
                return true;
            case "priority" when hasGraph && !needsPython:
                ReadOrder(ref reader);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public Key KeyOf(ReadOnlySpan<byte> token) => flat.TryFind(token, out int name) ? flat.KeyOf(name) : new Key(token.ToArray());

    /// <summary>The graph that was read; null if there is none, or it needs Python.</summary>
    public GraphMaterialized? Build()
    {
        calls.Complete();
        return hasGraph && !needsPython ? flat.Build(annotations) : null;
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
            for (int k = 0; k < layers; k++)
            {
                if (!TryReadLayer(ref reader))
                {
                    return false;
                }
            }
        }
        return true;
    }

    // False for a layer that only Python understands. Layer's own default packing has no module.
    private bool TryReadLayer(ref MessageReader reader)
    {
        bool hasModule = false, hasName = false, isKnown = true;
        MessageReader state = default, layerAnnotations = default;
        layer.Clear();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("__module__"u8))
            {
                hasModule = !reader.TryReadNil();
                isKnown &= !hasModule || reader.ReadUtf8().SequenceEqual("dask.highlevelgraph"u8);
            }
            else if (name.SequenceEqual("__name__"u8))
            {
                hasName = !reader.TryReadNil();
                isKnown &= hasName && reader.ReadUtf8().SequenceEqual("MaterializedLayer"u8);
            }
            else if (name.SequenceEqual("state"u8) && hasModule && hasName && isKnown)
            {
                ReadState(ref reader); // At once: to pass over it first would take a while.
            }
            else
            {
                if (name.SequenceEqual("state"u8))
                {
                    state = reader.Peek();
                }
                else if (name.SequenceEqual("annotations"u8))
                {
                    layerAnnotations = reader.Peek();
                }
                reader.Skip();
            }
        }
        if (hasModule && !isKnown)
        {
            return false;
        }
        if (!state.End)
        {
            ReadState(ref state);
        }
        ReadAnnotations(layerAnnotations);
        return true;
    }

    private void ReadAnnotations(MessageReader reader)
    {
        if (!reader.End && reader.NextType == MessagePackType.Map && reader.Peek().ReadMapHeader() > 0)
        {
            PackedAnnotations.Merge(annotations, reader.ReadOpaque(), layer.Select(flat.KeyOf));
        }
    }

    private void ReadState(ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("dsk"u8))
            {
                ReadTasks(ref reader);
            }
            else if (name.SequenceEqual("dependencies"u8))
            {
                ReadDependencies(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadTasks(ref MessageReader reader)
    {
        int tasks = reader.ReadMapHeader();
        flat.Expect(tasks);
        for (int i = 0; i < tasks; i++)
        {
            int name = flat.Add(reader.ReadKeyToken());
            flat.Define(name, calls.TryReadCall(ref reader) ?? RunSpec.FromPacked(reader.ReadOpaque()));
            layer.Add(name);
        }
    }

    private void ReadDependencies(ref MessageReader reader)
    {
        if (reader.TryReadNil())
        {
            return;
        }
        int tasks = reader.ReadMapHeader();
        for (int i = 0; i < tasks; i++)
        {
            ReadOnlySpan<byte> task = reader.ReadKeyToken();
            int count = reader.ReadSequenceHeader();
            if (count == 0)
            {
                continue;
            }
            int name = flat.Name(task);
            for (int k = 0; k < count; k++)
            {
                flat.Connect(name, flat.Name(reader.ReadKeyToken()));
            }
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
            int name = flat.Name(reader.ReadKeyToken());
            flat.Place(name, reader.ReadInt32());
        }
    }
}
