using Csds.Policies;
using Csds.Protocol;
using Csds.Simulator.Wire;
using Xunit;

namespace Csds.Scheduler.Tests.Coordination;

/// <summary>A core that is asked by request, and what it has replied.</summary>
internal sealed class Requester
{
    private double now = 1000;
    private long numbers;

    internal SchedulerState State { get; } = new(new SchedulerOptions { Validate = true }, new DaskPolicy(), 1000);

    /// <summary>Replies in the order in which they came.</summary>
    internal List<Reply> Replies { get; } = [];

    /// <summary>Number of requests so far.</summary>
    internal long Count => numbers;

    internal long Ask(string op, params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var message = new Message(op);
        foreach ((string name, object? value) in fields)
        {
            message.With(name, value);
        }
        using FrameGroup frames = Envelope.Cut(Envelope.PackOne(message));
        var reader = new MessageReader(frames);
        long number = ++numbers;
        State.Ask(number, op, ref reader, now);
        Assert.True(reader.End);
        Drain();
        return number;
    }

    internal void Withdraw(long number)
    {
        State.Withdraw(number, now);
        Drain();
    }

    internal void Advance(double seconds)
    {
        now += seconds;
        State.RunDeadlines(now);
        Drain();
    }

    /// <summary>The answer to a request; null if there is none yet, or an error.</summary>
    internal Opaque? AnswerTo(long number) => Replies.OfType<Answer>().FirstOrDefault(a => a.Request == number)?.Value;

    /// <summary>True if that is the answer.</summary>
    internal bool IsTrue(long number) => AnswerTo(number) is { } value && new MessageReader(value).ReadBoolean();

    private void Drain() => State.Outbox.Drain((_, batch) => State.Outbox.Return(batch), effect =>
    {
        if (effect is Reply reply)
        {
            Assert.DoesNotContain(Replies, r => r.Request == reply.Request);
            Replies.Add(reply);
        }
    });
}
