using System.Text;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// Makes tasks of the packed state of a layer, as its class's <c>__dask_distributed_unpack__</c> does. False for a state
/// that is not exactly what the class packs in the releases that are known: then the whole graph is left to Python, and
/// what was made of it until then is not used.
/// </summary>
/// <exception cref="ProtocolException">The state is malformed.</exception>
internal delegate bool LayerReader(ref MessageReader state, LayerTasks tasks);

/// <summary>The classes of layers that are read without Python, all of 2022.12 to 2023.3.</summary>
internal static class LayerReaders
{
    /// <summary>The reader for a class; null if only Python knows it. Nothing is imported, and no subclass is meant.</summary>
    internal static LayerReader? For(ReadOnlySpan<byte> module, ReadOnlySpan<byte> name)
    {
        // A graph may have thousands of these.
        if (module.SequenceEqual("dask.highlevelgraph"u8))
        {
            return name.SequenceEqual("MaterializedLayer"u8) ? MaterializedLayer.TryRead : null;
        }
        return (Encoding.UTF8.GetString(module), Encoding.UTF8.GetString(name)) switch
        {
            ("dask.blockwise", "Blockwise") or ("dask.layers", "DataFrameIOLayer") => BlockwiseLayer.TryRead,
            ("dask.layers", "DataFrameTreeReduction") => TreeReductionLayer.TryRead,
            ("dask.layers", "SimpleShuffleLayer") => ShuffleLayer.TryReadSimple,
            ("dask.layers", "ShuffleLayer") => ShuffleLayer.TryReadStage,
            _ => null,
        };
    }
}
