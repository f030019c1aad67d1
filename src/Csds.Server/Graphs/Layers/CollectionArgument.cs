using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// Blocks of a collection: one key, or, where the output lacks dimensions, lists of keys nested in their order; Dask's
/// <c>lol_product</c>.
/// </summary>
internal sealed class CollectionArgument : BlockwiseArgument
{
    private readonly CollectionKeys keys;
    private readonly BlockCoordinate[] coordinates;

    // The dimensions that the output lacks; empty unless their blocks are concatenated.
    private readonly int[] concatenated;
    private readonly bool isContracted;
    private readonly int[] at;

    /// <summary>Creates the argument.</summary>
    /// <param name="keys">The collection's keys.</param>
    /// <param name="coordinates">Where the indices of blocks come from.</param>
    /// <param name="concatenate">Whether several blocks are concatenated for the function.</param>
    internal CollectionArgument(CollectionKeys keys, BlockCoordinate[] coordinates, bool concatenate)
    {
        this.keys = keys;
        this.coordinates = coordinates;
        at = new int[coordinates.Length];
        int[] contracted = [.. Enumerable.Range(0, at.Length).Where(i => coordinates[i].IsContracted)];
        isContracted = contracted.Length > 0;
        concatenated = concatenate ? contracted : [];
    }

    /// <inheritdoc/>
    internal override double Bytes => coordinates.Where(c => c.IsContracted).Aggregate((double)keys.Bytes, (bytes, c) => bytes * c.Count);

    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle, LayerTasks tasks)
    {
        if (concatenated.Length == 0)
        {
            Nest(0, block, pickle, tasks);
            return;
        }
        // A task within the task.
        pickle.Mark().Global("dask.array.core", "concatenate_axes");
        Nest(0, block, pickle, tasks);
        pickle.Mark();
        foreach (int axis in concatenated)
        {
            pickle.Int(axis);
        }
        pickle.List().Tuple();
    }

    /// <inheritdoc/>
    internal override void Write(ReadOnlySpan<int> block, ref MessageWriter w, LayerTasks tasks)
    {
        if (isContracted)
        {
            base.Write(block, ref w, tasks); // In msgpack, a list would become a tuple.
            return;
        }
        for (int i = 0; i < at.Length; i++)
        {
            at[i] = coordinates[i].IndexIn(block);
        }
        w.Token(keys.Write(at));
        tasks.Needs(keys.Token);
    }

    private void Nest(int dimension, ReadOnlySpan<int> block, PickleWriter pickle, LayerTasks tasks)
    {
        for (; dimension < at.Length && !coordinates[dimension].IsContracted; dimension++)
        {
            at[dimension] = coordinates[dimension].IndexIn(block);
        }
        if (dimension == at.Length)
        {
            tasks.Needs(keys.Write(at));
            pickle.Str(keys.Text);
            return;
        }
        pickle.Mark();
        for (int i = 0; i < coordinates[dimension].Count; i++)
        {
            at[dimension] = coordinates[dimension].IndexOf(i);
            Nest(dimension + 1, block, pickle, tasks);
        }
        pickle.List();
    }
}
