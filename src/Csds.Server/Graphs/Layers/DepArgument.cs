using Csds.Protocol;

namespace Csds.Server;

/// <summary>What a <see cref="BlockwiseDep"/> says of a block.</summary>
/// <param name="dep">What is asked.</param>
/// <param name="coordinates">Where the indices come from that it is asked for; none of them is contracted.</param>
internal sealed class DepArgument(BlockwiseDep dep, BlockCoordinate[] coordinates) : BlockwiseArgument
{
    private readonly int[] at = new int[coordinates.Length];

    /// <inheritdoc/>
    internal override double Bytes => 16 * coordinates.Length;

    /// <inheritdoc/>
    internal override bool IsPickled => dep.IsPickled;

    /// <inheritdoc/>
    internal override bool Allows(ReadOnlySpan<int> block) => dep.Allows(IndexFor(block));

    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle, LayerTasks tasks) =>
        dep.Pickle(IndexFor(block), pickle);

    /// <inheritdoc/>
    internal override void Write(ReadOnlySpan<int> block, ref MessageWriter w, LayerTasks tasks)
    {
        if (dep.SerializedAt(IndexFor(block)) is { } value)
        {
            w.Value(value);
        }
        else
        {
            base.Write(block, ref w, tasks);
        }
    }

    private int[] IndexFor(ReadOnlySpan<int> block)
    {
        for (int i = 0; i < at.Length; i++)
        {
            at[i] = coordinates[i].IndexIn(block);
        }
        return at;
    }
}
