using Csds.Protocol;

namespace Csds.Server;

/// <summary>Finds out how the arguments of a blockwise function follow from a block: the plan of <c>make_blockwise_graph</c>.</summary>
internal static class BlockwiseArguments
{
    /// <summary>The arguments in their order; null if only Python knows one of them.</summary>
    internal static BlockwiseArgument[]? TryMake(BlockwiseState state)
    {
        var arguments = new List<BlockwiseArgument>();
        foreach ((Key name, int[]? indices) in state.Arguments)
        {
            if (TryMake(state, name, indices) is not { } argument)
            {
                return null;
            }
            arguments.Add(argument);
        }
        foreach (byte[] key in state.FutureArguments)
        {
            arguments.Add(new KeyArgument(key, isDependency: true));
        }
        return [.. arguments];
    }

    private static BlockwiseArgument? TryMake(BlockwiseState state, Key name, int[]? indices)
    {
        if (indices is null)
        {
            return new KeyArgument(name.Token.ToArray(), isDependency: false); // It is among the global dependencies.
        }
        int[] blocks = state.NumBlocksOf(name);
        // There are fewer of them where a dataframe became an array.
        var coordinates = new BlockCoordinate[Math.Min(indices.Length, blocks.Length)];
        for (int i = 0; i < coordinates.Length; i++)
        {
            coordinates[i] = CoordinateOf(state, indices[i], blocks[i] == 1);
        }
        bool isContracted = Array.Exists(indices, label => !state.OutputIndices.Contains(label));
        if (state.IoDeps.TryGetValue(name, out BlockwiseDep? dep))
        {
            return isContracted ? null : new DepArgument(dep, coordinates);
        }
        return isContracted && indices.Length != coordinates.Length
            ? null
            : new CollectionArgument(new CollectionKeys(new MessageReader(name.Token.ToArray()).ReadUtf8()), coordinates, state.Concatenate);
    }

    private static BlockCoordinate CoordinateOf(BlockwiseState state, int label, bool isBroadcast)
    {
        int position = Array.LastIndexOf(state.OutputIndices, label);
        if (position >= 0)
        {
            return BlockCoordinate.FromOutput(position, isBroadcast);
        }
        // One block is not concatenated with itself.
        int count = isBroadcast && state.Concatenate ? 1 : state.CountOf(label);
        return BlockCoordinate.FromEach(count, isBroadcast);
    }
}
