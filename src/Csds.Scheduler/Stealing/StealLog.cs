using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What the topic <c>stealing</c> is told: Dask's <c>WorkStealing.log</c> (row S51).</summary>
internal static class StealLog
{
    private const string Topic = "stealing";

    /// <summary>One round has asked for tasks.</summary>
    internal static void Requested(SchedulerState s, List<Move> moves)
    {
        if (moves.Count == 0)
        {
            return;
        }
        Publish(s, 2, (ref MessageWriter w) =>
        {
            w.Text("request"u8);
            w.List(moves.Count);
            foreach (Move move in moves)
            {
                w.List(8);
                w.Float(s.Now);
                w.Int(move.Level);
                w.Key(move.Task.Key);
                w.Float(move.Cost);
                w.Token(move.Victim.AddressToken);
                w.Float(move.VictimOccupancy);
                w.Token(move.Thief.AddressToken);
                w.Float(move.ThiefOccupancy);
            }
        });
    }

    /// <summary>The victim has answered.</summary>
    internal static void Answered(SchedulerState s, string action, TaskState ts, string? state, StealRequest request) =>
        Publish(s, 6, (ref MessageWriter w) =>
        {
            w.Text(action);
            Write(ref w, ts, state, request);
        });

    /// <summary>The victim does not have the task, or the thief is gone: it is placed anew.</summary>
    internal static void Rescheduled(SchedulerState s, bool thiefGone, TaskState ts, string? state, StealRequest request) =>
        Publish(s, 7, (ref MessageWriter w) =>
        {
            w.Text("reschedule"u8);
            w.Bool(thiefGone);
            Write(ref w, ts, state, request);
        });

    /// <summary>An answer came that nobody waits for.</summary>
    internal static void Stale(SchedulerState s, string action, TaskState ts, string? state, WorkerState worker, byte[] stimulusId) =>
        Publish(s, 5, (ref MessageWriter w) =>
        {
            w.Text(action);
            w.Key(ts.Key);
            w.Text(state);
            w.Token(worker.AddressToken);
            w.Token(stimulusId);
        });

    private static void Write(ref MessageWriter w, TaskState ts, string? state, StealRequest request)
    {
        w.Key(ts.Key);
        w.Text(state);
        w.Token(request.Victim.AddressToken);
        w.Token(request.Thief.AddressToken);
        w.Token(request.StimulusId);
    }

    private static void Publish(SchedulerState s, int items, EventLog.Fill fill)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.List(items);
        fill(ref w);
        w.End();
        s.Topics.Publish(s.Outbox, Topic, s.Now, batch.ToOpaque());
    }

    /// <summary>A task that was asked for.</summary>
    /// <param name="Level">Its level among the stealable tasks.</param>
    /// <param name="Task">The task.</param>
    /// <param name="Cost">Seconds that it takes at the victim.</param>
    /// <param name="Victim">Who has it.</param>
    /// <param name="VictimOccupancy">Seconds of work of the victim before.</param>
    /// <param name="Thief">Who is to have it.</param>
    /// <param name="ThiefOccupancy">Seconds of work of the thief before.</param>
    internal readonly record struct Move(
        int Level, TaskState Task, double Cost, WorkerState Victim, double VictimOccupancy, WorkerState Thief, double ThiefOccupancy);
}
