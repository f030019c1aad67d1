using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What a worker has to run: opaque, sent as it came (row S84). Either a pickled run_spec, a slice of a chunk that many
/// tasks share, or the fields of 2022's compute-task (<c>function</c>, <c>args</c>, ... or <c>run_spec</c>).
/// </summary>
public readonly struct RunSpec
{
    private readonly object? source;
    private readonly int offset;
    private readonly int length;

    private RunSpec(object source, int offset, int length)
    {
        this.source = source;
        this.offset = offset;
        this.length = length;
    }

    /// <summary>True for data that came from outside and for keys that are only talked about: nothing can be run.</summary>
    public bool IsNone => source is null;

    /// <summary>The frame behind a <c>__Pickled__</c> placeholder, sub-header and pickle in one.</summary>
    public ReadOnlyMemory<byte> Pickled => source is byte[] chunk ? chunk.AsMemory(offset, length) : default;

    /// <summary>
    /// 2022's fields to merge into compute-task: a map and the frames it refers to. Or a pickled run_spec whose large
    /// frames many tasks share.
    /// </summary>
    public Opaque? Fields => source as Opaque;

    /// <summary>Writes the value of the field <c>run_spec</c>, for dialects that have one.</summary>
    public void WriteValue(ref MessageWriter w)
    {
        if (Fields is { } value)
        {
            w.Value(value);
        }
        else
        {
            w.Pickled(Pickled);
        }
    }

    /// <summary>A pickled run_spec in a part of <paramref name="chunk"/>.</summary>
    public static RunSpec FromPickle(byte[] chunk, int offset, int length) => new(chunk, offset, length);

    /// <summary>A task's value in a packed graph of 2022: a map of function and arguments, or anything else.</summary>
    public static RunSpec FromPacked(Opaque value) => FromFields(SplitFields.FromValue(value));

    /// <summary>2022's fields.</summary>
    public static RunSpec FromFields(Opaque fields) => new(fields, 0, 0);
}
