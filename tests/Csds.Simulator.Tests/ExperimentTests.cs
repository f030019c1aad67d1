using Csds.Policies;
using Csds.Simulator.Experiments;

namespace Csds.Simulator.Tests;

/// <summary>One graph under several policies.</summary>
public sealed class ExperimentTests
{
    /// <summary>No policy is faster than the work allows, and with nothing to choose none is slow.</summary>
    [Theory]
    [MemberData(nameof(Policies))]
    public void Makespans_are_possible(string policy)
    {
        Experiment experiment = Make("tree-6", new ExperimentSettings { Workers = 4 });
        Outcome outcome = Comparison.Run(experiment, policy);
        Assert.InRange(outcome.Makespan, experiment.LowerBound, experiment.Seconds.Sum() + 1);
        Assert.InRange(outcome.Transfers, 3, 62);
        Assert.Equal(outcome.Transfers * experiment.Settings.Bytes, outcome.TransferredBytes);
        Assert.Equal(outcome, Comparison.Run(experiment, policy));
    }

    /// <summary>Every policy.</summary>
    public static TheoryData<string> Policies() => [.. PolicyTable.Names];

    /// <summary>A chain stays where its data is, unless chance decides.</summary>
    [Fact]
    public void A_chain_stays_where_it_is()
    {
        Experiment experiment = Make("chain-20", new ExperimentSettings { Stealing = false });
        Assert.All(["dask", "b-level", "t-level"], policy => Assert.Equal(0, Comparison.Run(experiment, policy).Transfers));
        Assert.InRange(Comparison.Run(experiment, "random").Transfers, 5, 19);
    }

    /// <summary>
    /// Two workers, a long chain and many short tasks: who begins with the chain is done as soon as can be, who goes layer by
    /// layer runs it at the end.
    /// </summary>
    [Fact]
    public void Levels_make_a_difference()
    {
        IEnumerable<string> lines = [.. Enumerable.Range(0, 10).Select(i => $"a{(char)('a' + i)}: seconds=1"), "y1: seconds=1",
            .. Enumerable.Range(2, 9).Select(i => $"y{i}: y{i - 1} seconds=1")];
        var experiment = new Experiment(ExperimentGraph.Parse(lines), new ExperimentSettings { Workers = 2, Saturation = 1, Stealing = false });
        Assert.Equal(10, experiment.LowerBound, 6);
        Assert.InRange(Comparison.Run(experiment, "b-level").Makespan, 10, 10.2);
        Assert.InRange(Comparison.Run(experiment, "t-level").Makespan, 14, 15.2);
    }

    /// <summary>What the command prints, and what it refuses.</summary>
    [Fact]
    public void The_command_compares_policies()
    {
        string[] lines = [.. Comparison.Run(["merge-10", "workers=2", "seconds=0.2", "saturation=inf", "random", "dask"])];
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("11 tasks, ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("random", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("dask", lines[3], StringComparison.Ordinal);
        Assert.All<string[]>(
            [[], ["nonsense"], ["merge-0"], ["merge-10", "nonsense"], ["merge-10", "workers=0"], ["merge-10", "colour=1"], ["merge-10", "bytes=x"]],
            args => Assert.Throws<FormatException>(() => Comparison.Run(args)));
        Assert.Throws<FormatException>(() => ExperimentGraph.Parse(["a: b"]));
        Assert.Throws<FormatException>(() => ExperimentGraph.Parse(["a", "a"]));
        Assert.Throws<FormatException>(() => ExperimentGraph.Parse(["# nothing"]));
    }

    private static Experiment Make(string graph, ExperimentSettings settings) => new(ExperimentGraph.Read(graph), settings);
}
