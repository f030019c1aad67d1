using Csds.Protocol;

namespace Csds.Server;

/// <summary>Functions that Dask's own layers put into tasks, pickled: by name, as Python pickles functions.</summary>
internal static class WorkerFunctions
{
    /// <summary>The token of <c>operator.getitem</c>.</summary>
    internal static byte[] GetItem { get; } = Tokens.Bytes(new PickleWriter().Global("_operator", "getitem").ToArray());

    /// <summary>The token of the function that puts partitions together.</summary>
    internal static byte[] Concat { get; } = LazyImport("dask.dataframe.core._concat");

    /// <summary>The token of the function that cuts a partition into groups.</summary>
    internal static byte[] ShuffleGroup { get; } = LazyImport("dask.dataframe.shuffle.shuffle_group");

    /// <summary><c>tlz.pipe</c> as a serialized value; whether it is toolz's or cytoolz's is the worker's affair.</summary>
    internal static Opaque Pipe { get; } = Pickled.Serialized(new PickleWriter().Global("tlz", "pipe").ToArray());

    // Dask's CallableLazyImport: imported when it is called.
    private static byte[] LazyImport(string path) => Tokens.Bytes(new PickleWriter()
        .Global("dask.layers", "CallableLazyImport").Mark().Tuple().NewObject()
        .Mark().Str("function_path").Str(path).Dict().Build().ToArray());
}
