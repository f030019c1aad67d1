using System.Threading.Channels;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The one place that touches the scheduling state. Events come in through a channel with many writers; a turn takes
/// everything that waits, up to a bound, reads the clock once, lets the core handle each event, and then sends what
/// the core has written: one flush per peer.
/// </summary>
/// <remarks>
/// A turn runs on the thread that brings an event, if no other turn runs just then; else whoever runs that one takes the
/// event along. To wake another thread for every transfer would cost more than what is done with it. The thread that waits
/// for all connections is let in next: if another one went on with what it brings, both would work on the same memory, each
/// with a processor's cache of its own.
/// </remarks>
public sealed partial class Reactor(
    SchedulerState state, StreamDirectory streams, TimeProvider clock, ILogger logger, ILogger schedulerLog)
{
    /// <summary>Events that may wait; writers wait beyond that, so a fast peer cannot fill the memory.</summary>
    private const int Capacity = 16 * 1024;

    /// <summary>Events of one turn: bounds how long output waits.</summary>
    private const int EventsPerTurn = 512;

    /// <summary>Turns in a row on a thread that has other work, such as a socket's.</summary>
    private const int TurnsPerThread = 4;

    /// <summary>Milliseconds that messages are held back at most: the interval of the stock scheduler's <c>BatchedSend</c> to workers.</summary>
    internal const int Patience = 5;

    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(Patience);

    private readonly DeadlinesDue deadlinesDue = new();

    // Not with a single reader: one thread looks whether there is more while another may run a turn already.
    private readonly Channel<ReactorEvent> inbox = Channel.CreateBounded<ReactorEvent>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait });

    private readonly Lock turn = new();

    private DeadlineTimer? deadlines;
    private volatile bool loopWaits;
    private long? heldSince;

    /// <summary>Whether messages are held back, as far as the thread knows that holds them.</summary>
    internal bool HoldsOutput => heldSince is not null;

    /// <summary>The logs that the core speaks for; null: all that it says goes to the scheduler's.</summary>
    public Func<string, ILogger>? LoggerOf { get; set; }

    /// <summary>What to do when the core asks to close, or a worker has timed out.</summary>
    public Action<Effect>? EffectHandler { get; set; }

    /// <summary>Who brings the core's replies to those who asked.</summary>
    public Action<Reply>? ReplyHandler { get; set; }

    /// <summary>Who has workers restarted that sent no heartbeats.</summary>
    public Action<RestartWorkers>? RestartHandler { get; set; }

    /// <summary>Seconds since 1970.</summary>
    public double Now => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Longest turn so far, in seconds.</summary>
    public double LongestTurn { get; private set; }

    /// <summary>The longest turn since this was last asked, in seconds. Only from within an event.</summary>
    public double TakeLongestTurn() => Interlocked.Exchange(ref longestRecentTurn, 0);

    /// <summary>Number of turns so far.</summary>
    public long Turns { get; private set; }

    private double longestRecentTurn;

    /// <summary>
    /// Hands over an event; completes when there was room for it. It is handled now, or with the others of the same
    /// <see cref="ReceiveRound"/>.
    /// </summary>
    public ValueTask PostAsync(ReactorEvent item)
    {
        if (ReceiveRound.Current is { } round && inbox.Writer.TryWrite(item))
        {
            round.Defer(this);
            return ValueTask.CompletedTask;
        }
        return HandleAsync(item);
    }

    /// <summary>Runs a function on the state, in its turn, and answers its result.</summary>
    public async Task<T> AskAsync<T>(Func<SchedulerState, double, T> question)
    {
        var item = new Question<T>(question);
        await HandleAsync(item).ConfigureAwait(false);
        return await item.Answer.ConfigureAwait(false);
    }

    /// <summary>Runs an action on the state, in its turn.</summary>
    public Task TellAsync(Action<SchedulerState, double> action) => AskAsync((s, now) =>
    {
        action(s, now);
        return true;
    });

    /// <summary>Sees to deadlines until <paramref name="stop"/> is signalled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new DeadlineTimer(clock, () =>
        {
            inbox.Writer.TryWrite(deadlinesDue);
            RunTurns();
        });
        await TellAsync((_, _) => deadlines = timer).ConfigureAwait(false);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.Register(stopped.SetResult).ConfigureAwait(false))
        {
            await stopped.Task.ConfigureAwait(false);
        }
        await TellAsync((_, _) => deadlines = null).ConfigureAwait(false);
    }

    /// <summary>Sends everything written so far. Only from within an event.</summary>
    public void Flush()
    {
        state.Outbox.Drain(Send, Perform);
        heldSince = null;
    }

    // All but what can wait: what a worker is to forget goes with its next tasks, if there are some soon. That spares a third of
    // the transfers of a join, and as many wake-ups of workers (ADR 0009).
    private void FlushUrgent(long now)
    {
        if (heldSince is { } since && clock.GetElapsedTime(since, now) > patience)
        {
            Flush();
        }
        else
        {
            heldSince = state.Outbox.DrainUrgent(Send, Perform) ? heldSince ?? now : null;
        }
    }

    private ValueTask HandleAsync(ReactorEvent item)
    {
        if (!inbox.Writer.TryWrite(item))
        {
            return WaitForRoomAsync(item);
        }
        RunTurns();
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitForRoomAsync(ReactorEvent item)
    {
        await inbox.Writer.WriteAsync(item).ConfigureAwait(false);
        RunTurns();
    }

    /// <summary>Handles what waits, unless another thread is at it.</summary>
    /// <param name="isLoop">Whether this is the thread that waits for connections, which waits for its turn, too.</param>
    /// <param name="mayHold">
    /// Whether messages that can wait may be held back: the caller comes again within <see cref="Patience"/> then, at the latest.
    /// </param>
    internal void RunTurns(bool isLoop = false, bool mayHold = false)
    {
        for (int turns = 0; TryBeginTurn(isLoop); turns++)
        {
            try
            {
                Turn(mayHold);
                deadlines?.SetTo(state.NextDeadline, Now);
            }
            finally
            {
                turn.Exit();
            }
            // What came after the turn's last look found it running and relies on this look, or on the loop's.
            if (!inbox.Reader.TryPeek(out _) || (loopWaits && !isLoop))
            {
                return;
            }
            if (turns == TurnsPerThread)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static reactor => reactor.RunTurns(), this, preferLocal: false);
                return;
            }
        }
    }

    private bool TryBeginTurn(bool isLoop)
    {
        if (turn.IsHeldByCurrentThread)
        {
            return false; // This turn takes along what it brings itself.
        }
        if (!isLoop)
        {
            return turn.TryEnter();
        }
        loopWaits = true;
        turn.Enter();
        loopWaits = false;
        return true;
    }

    private void Turn(bool mayHold)
    {
        long start = clock.GetTimestamp();
        double now = Now;
        for (int i = 0; i < EventsPerTurn && inbox.Reader.TryRead(out ReactorEvent? item); i++)
        {
            Handle(item, now);
        }
        if (state.NextDeadline <= now)
        {
            Handle(deadlinesDue, now);
        }
        if (!state.Outbox.IsHeld)
        {
            if (mayHold)
            {
                FlushUrgent(start);
            }
            else
            {
                Flush();
            }
        }
        Turns++;
        double seconds = clock.GetElapsedTime(start).TotalSeconds;
        LongestTurn = Math.Max(LongestTurn, seconds);
        longestRecentTurn = Math.Max(longestRecentTurn, seconds);
    }

    private void Handle(ReactorEvent item, double now)
    {
        try
        {
            item.Run(state, now);
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            state.AbandonCascade();
            item.PeerAtFault(error);
        }
#pragma warning disable CA1031 // Whatever is wrong with one event, the others go on; nothing else may be lost.
        catch (Exception error)
#pragma warning restore CA1031
        {
            state.AbandonCascade();
            LogEventFailed(logger, error, item.ToString());
            item.Failed(error);
        }
    }

    private void Send(StreamPeer peer, MessageBatch batch)
    {
        if (streams.Find(peer.Connection) is { } connection)
        {
            connection.Send(batch, state.Outbox);
        }
        else
        {
            state.Outbox.Return(batch);
        }
    }

    private void Perform(Effect effect)
    {
        switch (effect)
        {
            case LogLine line:
                Log(line);
                break;
            case CloseStream close:
                streams.Find(close.Connection)?.CloseBehindOutput();
                break;
            case Reply reply:
                ReplyHandler?.Invoke(reply);
                break;
            case RestartWorkers late:
                RestartHandler?.Invoke(late);
                break;
            default:
                EffectHandler?.Invoke(effect);
                break;
        }
    }

    private void Log(LogLine line)
    {
        LogLevel level = line.Severity switch
        {
            LogSeverity.Debug => LogLevel.Debug,
            LogSeverity.Info => LogLevel.Information,
            LogSeverity.Warning => LogLevel.Warning,
            _ => LogLevel.Error,
        };
        LogFromCore(LoggerOf?.Invoke(line.Logger) ?? schedulerLog, level, line.Text);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "An event failed, nothing else is affected: {Item}")]
    private static partial void LogEventFailed(ILogger logger, Exception error, string? item);

    [LoggerMessage(EventId = 2, Message = "{Text}")]
    private static partial void LogFromCore(ILogger logger, LogLevel level, string text);
}
