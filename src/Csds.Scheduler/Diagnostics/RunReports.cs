using System.Diagnostics.CodeAnalysis;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// What workers say of the runs of tasks, as Dask's plugins get it: the keyword arguments of <c>transition</c> when a task
/// leaves <c>processing</c>.
/// </summary>
internal sealed class RunReports(SchedulerState s)
{
    private readonly MessageBatch scratch = new();

    /// <summary>Writes the report of a transition; false if it is none that ends a run.</summary>
    /// <param name="ts">The task that has moved.</param>
    /// <param name="start">The state that it has left.</param>
    /// <param name="context">What the transition was told.</param>
    /// <param name="report">A map.</param>
    /// <param name="end">When the run ended: seconds since 1970, of the worker's clock.</param>
    internal bool TryWrite(
        TaskState ts, TaskStateName start, ref TransitionContext context, [NotNullWhen(true)] out Opaque? report, out double end)
    {
        report = null;
        end = 0;
        if (start != TaskStateName.Processing || context.Worker is null)
        {
            return false;
        }
        // Who does not say when it ran has not run: for instance a task whose worker died.
        switch (ts.State)
        {
            case TaskStateName.Memory when (end = StartStop.LastEnd(context.Finished.StartStops)) > 0:
                report = WriteFinished(ts, ref context);
                return true;
            case TaskStateName.Erred when (end = StartStop.LastEnd(context.FailedRun.StartStops)) > 0:
                report = WriteErred(ts, ref context);
                return true;
            default:
                return false;
        }
    }

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
}
