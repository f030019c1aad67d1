using System.Diagnostics;
using System.Globalization;
using Csds.Policies;

namespace Csds.Simulator.Tests;

/// <summary>
/// Worlds of many seeds: nothing forbidden happens, and everything wanted comes to an end. More seeds, and what happened in
/// one of them: <c>Csds.Simulator FIRST COUNT [trace]</c>.
/// </summary>
public sealed class SeedTests
{
    private const int Seeds = 100;

    /// <summary>Some seeds; together they reach what is rare.</summary>
    [Fact]
    public void Worlds_come_to_a_good_end()
    {
        Report[] reports = [.. ParallelEnumerable.Range(0, Seeds).AsOrdered().Select(Run)];
        Assert.InRange(reports.Sum(r => r.Transitions), 10_000, long.MaxValue);
        Assert.InRange(reports.Sum(r => r.WorkersLost), 50, long.MaxValue);
        Assert.InRange(reports.Sum(r => r.Steals), 50, long.MaxValue);
        string[] stale = [.. reports.SelectMany(r => r.Stale.Keys).Distinct().Order(StringComparer.Ordinal)];
        Assert.Contains("task-finished", stale);
        Assert.Contains("steal-response", stale);
    }

    /// <summary>Seeds that failed once.</summary>
    [Theory]
    [InlineData(1203)] // Scattered data was lost while one task that needs it ran, and another waited.
    [InlineData(1973)] // A task failed while it was about to be forgotten.
    [InlineData(2401)] // Scattered data was dropped before the scheduler had heard of it.
    [InlineData(2669)]
    public void Once_failed(int seed) => Run(seed);

    /// <summary>Whatever a policy decides, it cannot bring the core into disorder, and nothing waits for ever.</summary>
    [Theory]
    [MemberData(nameof(OtherPolicies))]
    public void Worlds_of_other_policies_come_to_a_good_end(string policy)
    {
        Report[] reports = [.. ParallelEnumerable.Range(0, Seeds / 4).AsOrdered().Select(seed => Run(seed, policy))];
        Assert.InRange(reports.Sum(r => r.Transitions), 2_500, long.MaxValue);
    }

    /// <summary>Every policy but the one that all other tests run with.</summary>
    public static TheoryData<string> OtherPolicies() => [.. PolicyTable.Names.Where(name => name != PolicyTable.Default)];

    /// <summary>A policy's decisions follow from what happened before, chance included.</summary>
    [Theory]
    [MemberData(nameof(OtherPolicies))]
    public void Same_seed_same_world_with_other_policies(string policy) => Assert.Equal(Trace(7, policy), Trace(7, policy));

    /// <summary>Everything that happens follows from the seed: messages, to the byte, and their times.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(1300)]
    public void Same_seed_same_world(int seed) => Assert.Equal(Trace(seed), Trace(seed));

    /// <summary>Nothing depends on the process: hash codes of texts, for instance, differ from one to the next.</summary>
    [Fact]
    public async Task Same_seed_same_bytes_in_another_process()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Csds.Simulator.dll");
        var start = new ProcessStartInfo("dotnet", [program, "400", "1"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains(Run(400).ToString(), output, StringComparison.Ordinal);
    }

    private static Report Run(int seed) => Run(seed, PolicyTable.Default);

    private static Report Run(int seed, string policy)
    {
        try
        {
            return new World(seed, PolicyTable.Create(policy)).Run();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {policy}: {error.Message}"), error);
        }
    }

    private static List<string> Trace(int seed, string policy = PolicyTable.Default)
    {
        var lines = new List<string>();
        Report report = new World(seed, PolicyTable.Create(policy)) { Trace = lines.Add }.Run();
        return [.. lines, report.ToString()];
    }
}
