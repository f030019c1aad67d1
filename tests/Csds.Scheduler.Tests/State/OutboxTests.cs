using Csds.Protocol;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Messages on their way out of a turn.</summary>
public static class OutboxTests
{
    /// <summary>Messages that are no small batch together leave in several, in their order, behind what others got before.</summary>
    [Fact]
    public static void Many_messages_leave_in_several_batches()
    {
        var fakes = new Fakes();
        WorkerState ws = fakes.Worker(9000);
        WorkerState other = fakes.Worker(9001);
        var outbox = new Outbox();
        const int Messages = 100;
        for (int i = 0; i < Messages; i++)
        {
            Write(outbox, ws, i, new string('x', 4000));
            Write(outbox, other, i, "");
        }
        var got = new List<(StreamPeer Peer, int Count, long Bytes)>();
        var numbers = new List<int>();
        outbox.Drain(
            (peer, batch) =>
            {
                got.Add((peer, batch.Count, batch.Bytes));
                if (peer == ws)
                {
                    numbers.AddRange(Numbers(batch));
                }
                outbox.Return(batch);
            },
            _ => Assert.Fail("no effects"));

        Assert.Equal([ws, other], got.Take(2).Select(g => g.Peer));
        Assert.Equal(Messages, Assert.Single(got, g => g.Peer == other).Count);
        Assert.InRange(got.Count(g => g.Peer == ws), 5, 10);
        Assert.All(got, g => Assert.InRange(g.Bytes, 1, 70_000));
        Assert.Equal(Enumerable.Range(0, Messages), numbers);
        Assert.True(outbox.IsEmpty);
        Assert.Null(ws.OpenBatch);
    }

    /// <summary>What can wait leaves with the next message to the same peer that cannot, in its order, or when all is drained.</summary>
    [Fact]
    public static void What_can_wait_stays_until_something_takes_it_along()
    {
        var fakes = new Fakes();
        WorkerState ws = fakes.Worker(9000);
        WorkerState other = fakes.Worker(9001);
        var outbox = new Outbox();
        Write(outbox, ws, 0, "", canWait: true);
        Write(outbox, other, 1, "");
        Assert.Equal([(other, "1")], DrainUrgent(held: true));
        Write(outbox, ws, 2, "", canWait: true);
        Assert.Empty(DrainUrgent(held: true));
        Write(outbox, ws, 3, "");
        Write(outbox, other, 4, "", canWait: true);
        Assert.Equal([(ws, "0 2 3")], DrainUrgent(held: true));
        Assert.Equal([(other, "4")], Drain());
        Assert.True(outbox.IsEmpty);

        // A batch that is full leaves; what comes behind it waits.
        for (int i = 0; i < 20; i++)
        {
            Write(outbox, ws, i, new string('x', 4000), canWait: true);
        }
        Assert.StartsWith("0 1 2 3", Assert.Single(DrainUrgent(held: true)).Numbers, StringComparison.Ordinal);
        Write(outbox, ws, 20, "");
        Assert.EndsWith(" 19 20", Assert.Single(DrainUrgent(held: false)).Numbers, StringComparison.Ordinal);

        // Effects come behind all messages before them.
        Write(outbox, ws, 0, "", canWait: true);
        outbox.Log(LogSeverity.Info, "something");
        Assert.Equal([(ws, "0")], DrainUrgent(held: false));

        List<(StreamPeer Peer, string Numbers)> DrainUrgent(bool held)
        {
            var got = new List<(StreamPeer, string)>();
            Assert.Equal(held, outbox.DrainUrgent((peer, batch) => Take(got, peer, batch), _ => { }));
            return got;
        }

        List<(StreamPeer Peer, string Numbers)> Drain()
        {
            var got = new List<(StreamPeer, string)>();
            outbox.Drain((peer, batch) => Take(got, peer, batch), _ => { });
            return got;
        }

        void Take(List<(StreamPeer Peer, string Numbers)> got, StreamPeer peer, MessageBatch batch)
        {
            got.Add((peer, string.Join(' ', Numbers(batch))));
            outbox.Return(batch);
        }
    }

    /// <summary>However many have been in use at once, a batch for each worker and some more are kept.</summary>
    [Fact]
    public static void As_many_batches_are_used_again_as_there_are_workers_and_some_more()
    {
        const int Peers = 200, Spare = 64, Workers = 100;
        var fakes = new Fakes();
        WorkerState[] peers = [.. Enumerable.Range(0, Peers).Select(i => fakes.Worker(9000 + i))];
        var outbox = new Outbox();
        Assert.Equal(Spare, CountUsedAgain());
        for (int i = 0; i < Workers; i++)
        {
            outbox.WorkerAdded();
        }
        Assert.Equal(Spare + Workers, CountUsedAgain());
        for (int i = 0; i < Workers; i++)
        {
            outbox.WorkerRemoved();
        }
        Assert.Equal(Spare, CountUsedAgain());

        int CountUsedAgain()
        {
            HashSet<MessageBatch> first = [.. WriteToAll()];
            return WriteToAll().Count(first.Contains);
        }

        List<MessageBatch> WriteToAll()
        {
            foreach (WorkerState ws in peers)
            {
                Write(outbox, ws, 0, "");
            }
            var batches = new List<MessageBatch>();
            outbox.Drain((_, batch) => batches.Add(batch), _ => Assert.Fail("no effects"));
            batches.ForEach(outbox.Return);
            return batches;
        }
    }

    private static void Write(Outbox outbox, StreamPeer peer, int number, string text, bool canWait = false)
    {
        MessageWriter w = outbox.To(peer).Add();
        w.List(2);
        w.Int(number);
        w.Text(text);
        w.End(canWait);
    }

    private static List<int> Numbers(MessageBatch batch)
    {
        var reader = new MessageReader(batch.ToOpaque());
        var numbers = new List<int>();
        int count = reader.ReadArrayHeader();
        for (int i = 0; i < count; i++)
        {
            reader.ReadArrayHeader();
            numbers.Add(reader.ReadInt32());
            reader.Skip();
        }
        return numbers;
    }
}
