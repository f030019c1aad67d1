namespace Csds.Protocol.Tests;

/// <summary>Releases, and what they speak.</summary>
public static class DialectTests
{
    /// <summary>Versions as packages and checkouts write them.</summary>
    [Theory]
    [InlineData("2022.12.1", "2022.12.1")]
    [InlineData("2022.12.1+ds.1", "2022.12.1")]
    [InlineData("2024.12.1+ds", "2024.12.1")]
    [InlineData("2026.7", "2026.7.0")]
    [InlineData("2026.7.1rc1", "2026.7.1")]
    [InlineData("2025.4.1.dev3+gabcdef", "2025.4.1")]
    [InlineData("2026", null)]
    [InlineData("unknown", null)]
    [InlineData("99999999999.1", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public static void Versions(string? text, string? version) =>
        Assert.Equal(version, DaskVersion.TryParse(text)?.ToString());

    /// <summary>Versions are ordered by their numbers, not by their texts.</summary>
    [Fact]
    public static void Order()
    {
        DaskVersion[] sorted = [new(2022, 12, 1), new(2023, 2, 0), new(2023, 10, 0), new(2023, 10, 1), new(2026, 7, 1)];
        foreach ((DaskVersion earlier, DaskVersion later) in sorted.Zip(sorted[1..]))
        {
            Assert.True(earlier < later && later > earlier && earlier <= later && later >= earlier);
        }
    }

    /// <summary>What separates the generations that are tested with real Dask.</summary>
    [Fact]
    public static void Generations()
    {
        Dialect[] all = [Dialect.Dask2022, Dialect.Dask2024, Dialect.Newest];
        Assert.Equal([true, false, false], all.Select(d => d.PackedGraphs));
        Assert.Equal([false, false, true], all.Select(d => d.ExpressionGraphs));
        Assert.Equal([true, false, false], all.Select(d => d.SplitRunSpecs));
        Assert.Equal([true, true, false], all.Select(d => d.TaskDuration));
        Assert.Equal([false, true, true], all.Select(d => d.RunIds));
        Assert.Equal([false, true, true], all.Select(d => d.TupleKeys));
        Assert.Equal([false, true, true], all.Select(d => d.CancelledKeys));
        Assert.Equal([false, false, true], all.Select(d => d.CancelReasons));
        Assert.Equal([false, true, true], all.Select(d => d.TwoPhaseNannies));
        Assert.Equal([true, false, false], all.Select(d => d.WorkersRegisterKeys));
    }
}
