using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Remembers what workers said about the tasks that they ran (rows R38, X1): Dask's <c>TaskStreamPlugin</c>. It watches
/// from the first question on, so that nobody pays who never asks.
/// </summary>
public sealed class TaskStream : ISchedulerObserver
{
    private readonly SchedulerState s;
    private readonly MessageBatch scratch = new();
    private Run[] ring = [];
    private bool watching;

    internal TaskStream(SchedulerState s) => this.s = s;

    /// <summary>Number of runs seen so far; those that are kept are the last ones (<c>index</c>).</summary>
    public long Index { get; private set; }

    /// <summary>Number of runs that are kept (<c>len(buffer)</c>).</summary>
    public int Count { get; private set; }

    /// <summary>Number of runs that are kept at most.</summary>
    private int Capacity => s.Options.TaskStreamLength;

    /// <summary>Begins to watch, if it does not yet.</summary>
    public void Watch()
    {
        if (!watching)
        {
            watching = true;
            s.Observers.Add(this);
        }
    }

    /// <summary>
    /// Dask's <c>collect</c>: the runs that ended between two times, oldest first. What is not said is not bounded.
    /// </summary>
    /// <param name="start">Seconds since 1970, of the workers' clocks.</param>
    /// <param name="stop">Seconds since 1970.</param>
    /// <param name="count">How many: the first ones from <paramref name="start"/> on, else the last ones.</param>
    public IReadOnlyList<Opaque> Collect(double? start, double? stop, int? count)
    {
        int? first = start is { } from ? FirstEndingAt(from) : null;
        int? end = stop is { } to ? FirstEndingAt(to) : null;
        if (count is { } wanted)
        {
            if (first is null)
            {
                end ??= Count;
                first = end - wanted;
            }
            else
            {
                end ??= first + wanted;
            }
        }
        return Slice(first ?? 0, end ?? Count);
    }

    /// <summary>The runs behind an earlier <see cref="Index"/>, as far as they are kept.</summary>
    public IReadOnlyList<Opaque> CollectSince(long index) =>
        Slice((int)Math.Clamp(index - (Index - Count), 0, Count), Count);

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (start != TaskStateName.Processing || context.Worker is null || Capacity == 0)
        {
            return;
        }
        switch (ts.State)
        {
            // Who does not say when it ran has no place in the stream: for instance a task whose worker died.
            case TaskStateName.Memory when StartStop.LastEnd(context.Finished.StartStops) is var end and > 0:
                Add(WriteFinished(ts, ref context), end);
                break;
            case TaskStateName.Erred when StartStop.LastEnd(context.FailedRun.StartStops) is var end and > 0:
                Add(WriteErred(ts, ref context), end);
                break;
        }
    }

    // The keyword arguments that Dask's plugins get.
    private Opaque WriteFinished(TaskState ts, ref TransitionContext context)
    {
        ref readonly TaskFinished report = ref context.Finished;
        scratch.Clear();
        MessageWriter w = scratch.Single();
        w.Map(s.Options.Dialect.PluginsSeeStimuli ? 10 : 9);
        w.FieldToken("worker"u8, context.Worker!.AddressToken);
        w.Field("status"u8, "OK"u8);
        w.Field("nbytes"u8, report.NBytes);
        w.FieldToken("type"u8, report.Type.IsEmpty ? Tokens.Nil : report.Type);
        w.Field("typename"u8, report.TypeName);
        w.Text("metadata"u8);
        if (report.Metadata is { } metadata)
        {
            w.Value(metadata);
        }
        else
        {
            w.Map(0);
        }
        WriteRun(ref w, ts, report.Thread, report.StartStops.Span, context.StimulusId);
        w.End();
        return scratch.ToOpaque();
    }

    private Opaque WriteErred(TaskState ts, ref TransitionContext context)
    {
        Failure? failure = context.Failure;
        scratch.Clear();
        MessageWriter w = scratch.Single();
        w.Map(s.Options.Dialect.PluginsSeeStimuli ? 11 : 10);
        w.FieldToken("worker"u8, context.Worker!.AddressToken);
        w.Field("status"u8, "error"u8);
        w.FieldToken("cause"u8, (context.Cause ?? ts).Key.Token);
        w.Field("exception"u8, failure?.Exception);
        w.Field("traceback"u8, failure?.Traceback);
        w.Field("exception_text"u8, failure?.ExceptionText);
        w.Field("traceback_text"u8, failure?.TracebackText);
        WriteRun(ref w, ts, context.FailedRun.Thread, context.FailedRun.StartStops.Span, context.StimulusId);
        w.End();
        return scratch.ToOpaque();
    }

    private void WriteRun(
        ref MessageWriter w, TaskState ts, ReadOnlySpan<byte> thread, ReadOnlySpan<byte> startStops, byte[] stimulusId)
    {
        w.FieldToken("thread"u8, thread.IsEmpty ? Tokens.Nil : thread);
        w.FieldToken("startstops"u8, startStops);
        w.FieldToken("key"u8, ts.Key.Token);
        if (s.Options.Dialect.PluginsSeeStimuli)
        {
            w.FieldToken("stimulus_id"u8, stimulusId);
        }
    }

    private void Add(Opaque message, double end)
    {
        if (Count == ring.Length && ring.Length < Capacity)
        {
            Array.Resize(ref ring, (int)Math.Min(Capacity, Math.Max(64, ring.Length * 2L)));
        }
        ring[Index % ring.Length] = new Run(message, end);
        Index++;
        Count = Math.Min(Count + 1, ring.Length);
    }

    private Run At(int place) => ring[(Index - Count + place) % ring.Length];

    // Runs are kept in the order of their reports, which is nearly that of their ends.
    private int FirstEndingAt(double time)
    {
        int left = 0, right = Count;
        while (left != right)
        {
            int middle = (left + right) / 2;
            if (At(middle).End < time)
            {
                left = middle + 1;
            }
            else
            {
                right = middle;
            }
        }
        return left;
    }

    private Opaque[] Slice(int start, int stop)
    {
        start = Math.Max(0, start);
        stop = Math.Min(stop, Count);
        var runs = new Opaque[Math.Max(0, stop - start)];
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = At(start + i).Message;
        }
        return runs;
    }

    private readonly record struct Run(Opaque Message, double End);
}
