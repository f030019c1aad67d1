using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Answers requests that the core serves itself.</summary>
internal static class Answers
{
    /// <summary>Writes a value.</summary>
    internal delegate void Fill(ref MessageWriter w);

    private static readonly Opaque yes = Value(static (ref MessageWriter w) => w.Bool(true));
    private static readonly Opaque no = Value(static (ref MessageWriter w) => w.Bool(false));

    internal static Opaque Bool(bool value) => value ? yes : no;

    internal static Opaque Int(long value) => Value((ref MessageWriter w) => w.Int(value));

    internal static Opaque Value(Fill fill)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        fill(ref w);
        w.End();
        return batch.ToOpaque();
    }

    /// <summary>Answers a request; without a value, None.</summary>
    internal static void Answer(this SchedulerState s, long request, Opaque? value = null) =>
        s.Outbox.Add(new Answer(request, value ?? Opaque.Nil));

    /// <summary>The request fails.</summary>
    internal static void Refuse(this SchedulerState s, long request, PythonError error) =>
        s.Outbox.Add(new Refusal(request, error));
}
