using System.Globalization;
using Csds.Policies;

namespace Csds.Simulator.Experiments;

/// <summary>
/// One experiment under several policies: <c>Csds.Simulator compare GRAPH [setting=value]... [policy]...</c>, see
/// <c>docs/policies.md</c>.
/// </summary>
public static class Comparison
{
    /// <summary>Runs an experiment; answers a table.</summary>
    /// <param name="args">The graph, settings, and policies; all of them if none is named.</param>
    /// <exception cref="FormatException">The arguments make no sense.</exception>
    public static IEnumerable<string> Run(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Count == 0)
        {
            throw new FormatException("which graph?");
        }
        string[] policies = [.. args.Skip(1).Where(a => !a.Contains('=', StringComparison.Ordinal))];
        if (policies.FirstOrDefault(name => !PolicyTable.Names.Contains(name)) is { } unknown)
        {
            throw new FormatException($"no policy: {unknown}; there are {string.Join(", ", PolicyTable.Names)}");
        }
        ExperimentSettings settings = args.Skip(1).Except(policies).Aggregate(new ExperimentSettings(), (s, a) => s.With(a));
        var experiment = new Experiment(ExperimentGraph.Read(args[0]), settings);
        return Table(experiment, policies.Length > 0 ? policies : PolicyTable.Names);
    }

    private static IEnumerable<string> Table(Experiment experiment, IEnumerable<string> policies)
    {
        int count = experiment.Submission.Graph.Count;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{count} tasks, {experiment.Seconds.Sum():F1} s of work; no schedule takes less than {experiment.LowerBound:F2} s");
        yield return $"{"policy",-16} {"makespan/s",10} {"MB moved",10} {"transfers",10} {"steals",7}";
        foreach (string name in policies)
        {
            Outcome outcome = Run(experiment, name);
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name,-16} {outcome.Makespan,10:F2} {outcome.TransferredBytes / 1e6,10:F1} {outcome.Transfers,10} {outcome.Steals,7}");
        }
    }

    /// <summary>Runs an experiment under a policy.</summary>
    internal static Outcome Run(Experiment experiment, string policy) => new World(experiment, PolicyTable.Create(policy)!).RunExperiment();
}
