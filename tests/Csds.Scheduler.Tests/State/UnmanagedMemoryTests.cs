using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The sliding minimum against a look at everything that was measured.</summary>
public static class UnmanagedMemoryTests
{
    /// <summary>What has been there throughout the last 30 seconds is old.</summary>
    [Fact]
    public static void Old_is_the_minimum_of_the_window() =>
        Gen.Select(Gen.Double[0, 12], Gen.Long[0, 50]).Array[1, 100].Sample(steps =>
        {
            var memory = new UnmanagedMemory();
            var history = new List<(double Time, long Bytes)>();
            double now = 1000;
            foreach ((double pause, long bytes) in steps)
            {
                now += pause;
                memory.Measure(now, bytes, 30);
                history.Add((now, bytes));
                Assert.Equal(history.Where(h => h.Time >= now - 30).Min(h => h.Bytes), memory.Old);
            }
        });
}
