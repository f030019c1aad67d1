using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Client;

namespace Csds.Simulator.Experiments;

/// <summary>
/// A graph whose tasks take known times and give results of known sizes, and a cluster without faults to run it on: the same
/// for every policy.
/// </summary>
public sealed class Experiment
{
    private readonly Dictionary<Key, int> places = new(KeyComparer.Instance);

    /// <summary>Draws the times, mostly short and sometimes long, of tasks that have none of their own.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="settings">The cluster, and what the tasks are like.</param>
    internal Experiment(ExperimentGraph graph, ExperimentSettings settings)
    {
        Settings = settings;
        Submission = graph.Submit();
        var random = new Randomness(settings.Seed);
        Seconds = [.. graph.Seconds.Select(s => s ?? random.Exponential(settings.Seconds))];
        Bytes = [.. graph.Bytes.Select(b => b ?? settings.Bytes)];
        for (int i = 0; i < Submission.Graph.Count; i++)
        {
            places.Add(Submission.Graph.Keys[i], i);
        }
    }

    internal ExperimentSettings Settings { get; }

    internal Submission Submission { get; }

    /// <summary>Seconds that each task runs.</summary>
    internal double[] Seconds { get; }

    /// <summary>Bytes of each result.</summary>
    internal long[] Bytes { get; }

    internal double SecondsOf(Key key) => Seconds[places[key]];

    internal long BytesOf(Key key) => Bytes[places[key]];

    /// <summary>
    /// No schedule takes fewer seconds: neither can the work be done faster by all threads, nor the longest path.
    /// </summary>
    public double LowerBound
    {
        get
        {
            GraphMaterialized graph = Submission.Graph;
            var ends = new double[graph.Count];
            foreach (int task in Enumerable.Range(0, graph.Count).OrderBy(task => graph.Order[task]))
            {
                double start = 0;
                foreach (int dependency in graph.DependenciesOf(task))
                {
                    start = Math.Max(start, ends[dependency]);
                }
                ends[task] = start + Seconds[task];
            }
            return Math.Max(ends.Max(), Seconds.Sum() / (Settings.Workers * Settings.Threads));
        }
    }
}
