using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What a worker has to run: opaque, sent as it came (row S84). Either a pickled run_spec, a slice of a chunk that many
/// tasks share; or a call of a pickled function, which many tasks share; or the fields of 2022's compute-task
/// (<c>function</c>, <c>args</c>, ... or <c>run_spec</c>), frames included.
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

    /// <summary>Size in bytes of what is sent in the message itself, about.</summary>
    internal int Bytes => source switch
    {
        Opaque value => value.Token.Length,
        TaskFunction function => function.Token.Length + length,
        _ => 0,
    };

    /// <summary>The frame behind a <c>__Pickled__</c> placeholder, sub-header and pickle in one.</summary>
    public ReadOnlyMemory<byte> Pickled => source is byte[] chunk ? chunk.AsMemory(offset, length) : default;

    /// <summary>The function that is called with <see cref="Arguments"/>; null for the other forms.</summary>
    internal TaskFunction? Function => source as TaskFunction;

    /// <summary>The fields <c>args</c> and <c>kwargs</c> of a call.</summary>
    internal ReadOnlyMemory<byte> Arguments => Function is { } function ? function.Arguments.AsMemory(offset, length) : default;

    /// <summary>
    /// 2022's fields to merge into compute-task: a map and the frames it refers to. Or a pickled run_spec whose large
    /// frames many tasks share.
    /// </summary>
    public Opaque? Fields => source as Opaque;

    /// <summary>Writes the value of the field <c>run_spec</c>, for dialects that have one; for 2022, the map of fields.</summary>
    public void WriteValue(ref MessageWriter w)
    {
        switch (source)
        {
            case Opaque value:
                w.Value(value);
                break;
            case TaskFunction:
                SplitFields.WriteCall(ref w, this);
                break;
            default:
                w.Pickled(Pickled);
                break;
        }
    }

    /// <summary>A pickled run_spec in a part of <paramref name="chunk"/>.</summary>
    public static RunSpec FromPickle(byte[] chunk, int offset, int length) => new(chunk, offset, length);

    /// <summary>A task's value in a packed graph of 2022: a map of function and arguments, or anything else.</summary>
    public static RunSpec FromPacked(Opaque value) => FromFields(SplitFields.FromValue(value));

    /// <summary>A call of <paramref name="function"/> with a part of its <see cref="TaskFunction.Arguments"/>.</summary>
    internal static RunSpec FromCall(TaskFunction function, int offset, int length) => new(function, offset, length);

    /// <summary>2022's fields.</summary>
    public static RunSpec FromFields(Opaque fields) => new(fields, 0, 0);
}
