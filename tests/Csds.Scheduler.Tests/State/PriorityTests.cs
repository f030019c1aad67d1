using Csds.Protocol;
using Csds.Simulator.Wire;
using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Priorities compare as Python's tuples, and go out as ints where Python has ints.</summary>
public static class PriorityTests
{
    /// <summary>Element by element, smaller first.</summary>
    [Fact]
    public static void Compares_element_by_element()
    {
        Gen<(double, double, int)> elements = Gen.Select(Gen.Int[-2, 2].Select(i => i / 2.0), Gen.Int[0, 2].Select(i => i - 0.01), Gen.Int[0, 3]);
        Gen.Select(elements, elements).Sample((a, b) =>
        {
            var left = new Priority(a.Item1, a.Item2, a.Item3);
            var right = new Priority(b.Item1, b.Item2, b.Item3);
            Assert.Equal(Math.Sign(a.CompareTo(b)), Math.Sign(left.CompareTo(right)));
            Assert.Equal(a.CompareTo(b) < 0, left < right);
            Assert.Equal(a.CompareTo(b) >= 0, left >= right);
        });
    }

    /// <summary>(0, 3, 7) and (-1.5, 2.99, 0).</summary>
    [Theory]
    [InlineData(0, 3, 7, "[0, 3, 7]")]
    [InlineData(-1.5, 2.99, 0, "[-1.5, 2.99, 0]")]
    [InlineData(-5, 1e20, 0, "[-5, 1E+20, 0]")]
    public static void Whole_numbers_are_ints(double user, double generation, int order, string expected)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Add();
        w.Map(2);
        w.Field("op"u8, "x"u8);
        w.Text("priority"u8);
        new Priority(user, generation, order).Write(ref w);
        w.End();
        Message message = Envelope.Unpack(Envelope.Frame(batch))[0];
        Assert.Equal(expected, PythonText.Repr(message["priority"]));
    }
}
