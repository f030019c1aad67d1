using CsCheck;
using Csds.Protocol;
using Nerdbank.MessagePack;
using Xunit;

namespace Csds.Scheduler.Tests.Coordination;

/// <summary>Whatever happens, a queue neither loses, nor doubles, nor reorders its values.</summary>
public static class SharedQueueProperties
{
    private enum Step
    {
        Put,
        PutForAWhile,
        Get,
        GetForAWhile,
        GetSome,
        GetAll,
        Withdraw,
        Wait,
    }

    [Fact]
    public static void Every_value_comes_out_once_and_in_order() =>
        Gen.Select(Gen.Int[0, 3], Gen.Select(Gen.Enum<Step>(), Gen.Int[1, 3]).Array[0, 40]).Sample((maxSize, steps) =>
        {
            var core = new Requester();
            core.Ask("queue_create", ("name", "q"), ("maxsize", maxSize));
            var values = new Dictionary<long, long>();
            var asked = new List<long>();
            foreach ((Step step, int n) in steps)
            {
                Do(core, step, n, values, asked);
            }
            foreach (long number in asked)
            {
                core.Withdraw(number);
            }
            core.Ask("queue_get", ("name", "q"), ("timeout", null), ("batch", true));
            Assert.Equal(0, core.State.Coordination.WaitingCount);

            long[] put = [.. core.Replies.OfType<Answer>().Where(a => values.ContainsKey(a.Request)).Select(a => values[a.Request])];
            long[] got = [.. core.Replies.OfType<Answer>().Where(a => !values.ContainsKey(a.Request)).SelectMany(a => Values(a.Value))];
            Assert.Equal(put, got);
        });

    private static void Do(Requester core, Step step, int n, Dictionary<long, long> values, List<long> asked)
    {
        switch (step)
        {
            case Step.Put or Step.PutForAWhile:
                int value = values.Count;
                long put = core.Ask("queue_put", ("name", "q"), ("data", value), ("timeout", step == Step.Put ? null : n));
                values[put] = value;
                asked.Add(put);
                break;
            case Step.Get or Step.GetForAWhile:
                asked.Add(core.Ask("queue_get", ("name", "q"), ("timeout", step == Step.Get ? null : n), ("batch", false)));
                break;
            case Step.GetSome:
                asked.Add(core.Ask("queue_get", ("name", "q"), ("timeout", null), ("batch", n)));
                break;
            case Step.GetAll:
                core.Ask("queue_get", ("name", "q"), ("timeout", null), ("batch", true));
                break;
            case Step.Withdraw when asked.Count > 0:
                core.Withdraw(asked[^Math.Min(n, asked.Count)]);
                break;
            default:
                core.Advance(n);
                break;
        }
    }

    private static List<long> Values(Opaque answer)
    {
        var reader = new MessageReader(answer);
        var values = new List<long>();
        switch (reader.NextType)
        {
            case MessagePackType.Map:
                values.Add(Value(ref reader));
                break;
            case MessagePackType.Array:
                for (int count = reader.ReadArrayHeader(); count > 0; count--)
                {
                    values.Add(Value(ref reader));
                }
                break;
        }
        return values;
    }

    private static long Value(ref MessageReader reader)
    {
        long value = -1;
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            if (reader.ReadString() == "value")
            {
                value = reader.ReadInt64();
            }
            else
            {
                reader.Skip();
            }
        }
        return value;
    }
}
