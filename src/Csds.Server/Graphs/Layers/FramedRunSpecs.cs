using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Makes run specs with parts that the client has serialized: fields that refer to frames. The frames are shared with all
/// tasks that have the same, and mostly the fields are, too.
/// </summary>
internal sealed class FramedRunSpecs
{
    private readonly MessageBatch batch = new();
    private byte[] last = [];

    /// <summary>Begins the map of fields of a task.</summary>
    internal MessageWriter Begin()
    {
        batch.Clear();
        return batch.Single();
    }

    /// <summary>The task whose fields have been written.</summary>
    internal RunSpec End()
    {
        ReadOnlySpan<byte> fields = batch.Seal().Span;
        if (!fields.SequenceEqual(last))
        {
            last = fields.ToArray();
        }
        return RunSpec.FromFields(new Opaque(last, [.. batch.Frames]));
    }
}
