using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>All spans by id (row S62): Dask's <c>SpansSchedulerExtension</c>.</summary>
public sealed class SpanTable
{
    /// <summary>Spans that are kept when they are done; Dask keeps all.</summary>
    private const int Kept = 1000;

    private readonly SchedulerState s;
    private readonly Dictionary<string, Span> spans = [];
    private readonly Queue<Span> oldest = new();

    private readonly RandomIds ids;
    private Span? latestDefault;

    internal SpanTable(SchedulerState s)
    {
        this.s = s;
        ids = new RandomIds(s.Options.Seed);
    }

    /// <summary>The spans, in no particular order.</summary>
    public IReadOnlyCollection<Span> All => spans.Values;

    /// <summary>Gives tasks that have been submitted to their spans, one after the other: Dask's <c>observe_tasks</c>.</summary>
    internal IEnumerable<PartEnd> Observe(IEnumerable<TaskState> submitted, ArrivalPart part)
    {
        Span? byDefault = null;
        var rewritten = new Dictionary<(Opaque?, Span), Opaque?>();
        foreach (TaskState ts in submitted)
        {
            if (ts.RunSpec.IsNone && !s.Options.Dialect.ExpressionGraphs)
            {
                continue;
            }
            // Tasks of one group may be meant for several spans: all go to that of the first one.
            if (ts.Group.Span is null)
            {
                SpanAnnotation? wanted = SpanAnnotation.Find(ts.Details?.Annotations);
                ts.Group.Join(wanted is null ? byDefault ??= EnsureDefault() : Ensure(wanted.Name, wanted.Ids));
            }
            Annotate(ts, ts.Group.Span!, rewritten);
            if (part.IsFull())
            {
                yield return default;
            }
        }
        ForgetOldest();
    }

    /// <summary>What a worker has measured since its last heartbeat: a map of numbers by <c>(context, span id, ...)</c>.</summary>
    internal void Heartbeat(ref MessageReader reader)
    {
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            Key name = WithoutSpan(reader.ReadKey(), out string? id);
            double value = reader.ReadDouble();
            if (id is not null && spans.TryGetValue(id, out Span? span))
            {
                span.AddMetric(name, value);
            }
        }
    }

    private static void Annotate(TaskState ts, Span span, Dictionary<(Opaque?, Span), Opaque?> rewritten)
    {
        Opaque? annotations = ts.Details?.Annotations;
        if (annotations is null && span.Annotation is null)
        {
            return;
        }
        if (!rewritten.TryGetValue((annotations, span), out Opaque? result))
        {
            SpanAnnotation? now = SpanAnnotation.Find(annotations);
            bool same = span.Annotation is { } wanted ? now?.Ids.SequenceEqual(wanted.Ids) == true : now is null;
            result = same ? annotations : SpanAnnotation.Replace(annotations, span.Annotation);
            rewritten.Add((annotations, span), result);
        }
        ts.EnsureDetails().Annotations = result;
    }

    // A new one when everything in the former is done.
    private Span EnsureDefault()
    {
        if (latestDefault is null || latestDefault.Done)
        {
            latestDefault = Ensure(["default"], [ids.Next()]);
        }
        return latestDefault;
    }

    private Span Ensure(IReadOnlyList<string> name, IReadOnlyList<string> path)
    {
        Span? span = null;
        for (int depth = 1; depth <= path.Count; depth++)
        {
            Span? parent = span;
            if (!spans.TryGetValue(path[depth - 1], out span))
            {
                span = new Span([.. name.Take(depth)], path[depth - 1], parent, s.Now);
                spans.Add(span.Id, span);
                oldest.Enqueue(span);
            }
        }
        return span!;
    }

    private void ForgetOldest()
    {
        for (int looks = oldest.Count - Kept; looks > 0; looks--)
        {
            Span span = oldest.Dequeue();
            if (!span.Done || span.Children.Count > 0 || ReferenceEquals(span, latestDefault))
            {
                oldest.Enqueue(span);
                continue;
            }
            spans.Remove(span.Id);
            span.Parent?.Forget(span);
        }
    }

    private static Key WithoutSpan(Key name, out string? id)
    {
        id = null;
        var reader = new MessageReader(name.Token.ToArray());
        if (reader.NextType != Nerdbank.MessagePack.MessagePackType.Array)
        {
            return name;
        }
        int parts = reader.ReadArrayHeader();
        if (parts < 2)
        {
            return name;
        }
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.List(parts - 1);
        w.Token(reader.ReadToken());
        id = reader.NextType == Nerdbank.MessagePack.MessagePackType.String ? reader.ReadString() : Skip(ref reader);
        for (int i = 2; i < parts; i++)
        {
            w.Token(reader.ReadToken());
        }
        w.End();
        return new Key(batch.Seal().ToArray());
    }

    private static string? Skip(ref MessageReader reader)
    {
        reader.Skip();
        return null;
    }
}
