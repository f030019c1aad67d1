using Csds.Protocol;

namespace Csds.Server;

/// <summary>One argument of a blockwise function. What it is for a block also says what the block's task depends on.</summary>
internal abstract class BlockwiseArgument
{
    private readonly PickleWriter scratch = new();

    /// <summary>Whether it can be pickled for every block; if not, some of its values were serialized by the client.</summary>
    internal virtual bool IsPickled => true;

    /// <summary>Bytes that it takes in each task, about; what the client has serialized is there anyway.</summary>
    internal abstract double Bytes { get; }

    /// <summary>Whether its value for a block is known without Python.</summary>
    internal virtual bool Allows(ReadOnlySpan<int> block) => true;

    /// <summary>Pushes the value for a block.</summary>
    internal abstract void Pickle(ReadOnlySpan<int> block, PickleWriter pickle, LayerTasks tasks);

    /// <summary>Writes the value for a block as a part of a message.</summary>
    internal virtual void Write(ReadOnlySpan<int> block, ref MessageWriter w, LayerTasks tasks)
    {
        scratch.Restart();
        Pickle(block, scratch, tasks);
        w.Value(Pickled.Serialized(scratch.End().ToArray()));
    }
}
