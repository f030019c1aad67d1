using Xunit;

namespace Csds.Scheduler.Tests;

/// <summary>Durations as Dask reads and prints them.</summary>
public static class TimeDeltaTests
{
    /// <summary>What <c>dask.utils.parse_timedelta</c> answers.</summary>
    [Theory]
    [InlineData("3s", 3)]
    [InlineData("3.5 seconds", 3.5)]
    [InlineData("300ms", 0.3)]
    [InlineData("5 minutes", 300)]
    [InlineData("1h", 3600)]
    [InlineData("2 days", 172800)]
    [InlineData("1w", 604800)]
    [InlineData("10us", 1e-5)]
    [InlineData("1ns", 1e-9)]
    [InlineData("7", 7)]
    [InlineData("minute", 60)]
    [InlineData("5 MINUTES", 300)]
    [InlineData("1e-3 s", 1e-3)]
    public static void Parses(string text, double seconds) => Assert.Equal(seconds, TimeDelta.Parse(text)!.Value, 12);

    /// <summary>The unit may be given apart.</summary>
    [Fact]
    public static void The_default_unit_counts_only_without_one()
    {
        Assert.Equal(0.005, TimeDelta.Parse("5", "ms"));
        Assert.Equal(5, TimeDelta.Parse("5s", "ms"));
    }

    /// <summary>Anything else is no duration.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("five minutes")]
    [InlineData("3 fortnights")]
    [InlineData("3s3")]
    public static void Refuses(string text) => Assert.Null(TimeDelta.Parse(text));

    /// <summary>What <c>dask.utils.format_time</c> answers.</summary>
    [Theory]
    [InlineData(1, "1.00 s")]
    [InlineData(0.001234, "1.23 ms")]
    [InlineData(0.00012345, "123.45 us")]
    [InlineData(123.456, "123.46 s")]
    [InlineData(1234.567, "20m 34s")]
    [InlineData(12345.67, "3hr 25m")]
    [InlineData(1234567, "14d 6hr")]
    [InlineData(600, "600.00 s")]
    public static void Formats(double seconds, string text) => Assert.Equal(text, TimeDelta.Format(seconds));
}
