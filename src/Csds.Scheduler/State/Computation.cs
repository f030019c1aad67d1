using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What was submitted while there was work, from idle to idle: Dask's <c>Computation</c>.</summary>
public sealed class Computation
{
    private readonly List<TaskGroup> groups = [];
    private readonly List<Opaque> code = [];

    internal Computation(string id, double start)
    {
        Id = id;
        Start = start;
    }

    /// <summary>Its id: a UUID.</summary>
    public string Id { get; }

    /// <summary>Seconds since 1970 when the first graph was submitted.</summary>
    public double Start { get; }

    /// <summary>Seconds since 1970 when its last task ended to compute; -1 without tasks.</summary>
    public double Stop => groups.Count == 0 ? -1 : groups.Max(group => group.Stop);

    /// <summary>Groups that tasks were added to.</summary>
    public IReadOnlyCollection<TaskGroup> Groups => groups;

    /// <summary>The lines of users' code that submitted graphs: as the client sends them, each once.</summary>
    public IReadOnlyCollection<Opaque> Code => code;

    internal void Add(TaskGroup group)
    {
        if (!ReferenceEquals(group.Computation, this))
        {
            group.Computation = this;
            groups.Add(group);
        }
    }

    internal void AddCode(Opaque lines)
    {
        if (!code.Exists(known => Same(known, lines)))
        {
            code.Add(lines);
        }
    }

    private static bool Same(Opaque a, Opaque b) =>
        a.Token.Span.SequenceEqual(b.Token.Span) && a.Frames.Length == b.Frames.Length
        && a.Frames.Zip(b.Frames).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));
}
