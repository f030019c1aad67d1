using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Tasks that belong together because a user has said so, by <c>with span("name")</c>, or by default (row S62): Dask's
/// <c>Span</c>. A task group belongs to one span.
/// </summary>
public sealed class Span
{
    private readonly Dictionary<Key, double> metrics = new(KeyComparer.Instance);
    private readonly List<Span> children = [];

    internal Span(IReadOnlyList<string> name, string id, Span? parent, double now)
    {
        Name = name;
        Id = id;
        IdToken = Tokens.String(id);
        Parent = parent;
        Enqueued = now;
        parent?.children.Add(this);
        Annotation = name is ["default"] ? null : new SpanAnnotation(name, [.. Path().Select(span => span.Id)]);
    }

    /// <summary>Its name below its parents' names.</summary>
    public IReadOnlyList<string> Name { get; }

    /// <summary>Its id: a UUID, which the client has made.</summary>
    public string Id { get; }

    /// <summary>The span around it; null: none.</summary>
    public Span? Parent { get; }

    /// <summary>Spans within it, in order of creation.</summary>
    public IReadOnlyList<Span> Children => children;

    /// <summary>Seconds since 1970 when it was first heard of.</summary>
    public double Enqueued { get; }

    /// <summary>No task of it has work left.</summary>
    public bool Done => Unfinished == 0 && children.TrueForAll(child => child.Done);

    /// <summary>What workers have measured for it: sums by <c>(context, prefix, activity, unit)</c>, its own only.</summary>
    public IReadOnlyDictionary<Key, double> CumulativeWorkerMetrics => metrics;

    /// <summary>Number of its own tasks that wait or run.</summary>
    internal long Unfinished { get; set; }

    internal byte[] IdToken { get; }

    /// <summary>The annotation that its tasks carry; null: none, by default.</summary>
    internal SpanAnnotation? Annotation { get; }

    internal void AddMetric(Key name, double value) => metrics[name] = metrics.GetValueOrDefault(name) + value;

    internal void Forget(Span child) => children.Remove(child);

    private IEnumerable<Span> Path() => Parent is null ? [this] : [.. Parent.Path(), this];
}
