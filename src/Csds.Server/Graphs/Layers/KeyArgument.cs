using Csds.Protocol;

namespace Csds.Server;

/// <summary>The same key for all blocks: that of a delayed value or a future.</summary>
/// <param name="token">The key, a str.</param>
/// <param name="isDependency">Whether the tasks depend on it for the sake of this argument.</param>
internal sealed class KeyArgument(byte[] token, bool isDependency) : BlockwiseArgument
{
    private readonly byte[] text = new MessageReader(token).ReadUtf8().ToArray();

    /// <inheritdoc/>
    internal override double Bytes => token.Length;

    /// <inheritdoc/>
    internal override void Pickle(ReadOnlySpan<int> block, PickleWriter pickle, LayerTasks tasks)
    {
        Connect(tasks);
        pickle.Str(text);
    }

    /// <inheritdoc/>
    internal override void Write(ReadOnlySpan<int> block, ref MessageWriter w, LayerTasks tasks)
    {
        Connect(tasks);
        w.Token(token);
    }

    private void Connect(LayerTasks tasks)
    {
        if (isDependency)
        {
            tasks.Needs(token);
        }
    }
}
