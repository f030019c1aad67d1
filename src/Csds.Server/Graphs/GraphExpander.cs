using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.Scheduler.Ordering;

namespace Csds.Server;

/// <summary>
/// Expands graphs: natively where no Python is needed, else by the helper; then numbers the wanted keys and computes
/// the static order. All of it off the reactor.
/// </summary>
public sealed class GraphExpander(Dialect dialect, Func<Opaque, CancellationToken, Task<GraphMaterialized>> helper) : IGraphExpander
{
    /// <inheritdoc/>
    public async Task<GraphMaterialized> ExpandAsync(Opaque message, GraphUpdate update, CancellationToken cancel)
    {
        GraphMaterialized? graph = dialect.PackedGraphs ? PackedGraph.TryRead(message) : null;
        graph ??= await helper(message, cancel).ConfigureAwait(false);
        return Complete(graph, update);
    }

    private GraphMaterialized Complete(GraphMaterialized graph, GraphUpdate update)
    {
        (int[] requested, Key[] external) = Number(graph, update.Keys);
        int[] order = update.InternalPriority is null ? Order(graph) : [];
        // The most urgent last, as they will be started: the reactor need not sort them then.
        Array.Sort(Array.ConvertAll(requested, number => number < order.Length ? -order[number] : 1), requested);
        return graph with { Requested = requested, External = external, Order = order };
    }

    // Wanted keys are mostly the last few of a graph, so only they are looked up, in a table of their own.
    private static (int[] Requested, Key[] External) Number(GraphMaterialized graph, Key[] wanted)
    {
        var places = new Dictionary<Key, int>(wanted.Length, KeyComparer.Instance);
        foreach (Key key in wanted)
        {
            places[key] = -1;
        }
        for (int i = 0; i < graph.Count + graph.External.Length; i++)
        {
            ref int place = ref CollectionsMarshal.GetValueRefOrNullRef(places, graph.KeyOf(i));
            if (!Unsafe.IsNullRef(ref place))
            {
                place = i;
            }
        }
        var external = new List<Key>(graph.External);
        var requested = new List<int>(places.Count);
        foreach ((Key key, int place) in places)
        {
            if (place >= 0)
            {
                requested.Add(place);
                continue;
            }
            requested.Add(graph.Count + external.Count);
            external.Add(key);
        }
        return ([.. requested], [.. external]);
    }

    private int[] Order(GraphMaterialized graph)
    {
        bool[]? data = graph.Flags.Length == 0
            ? null
            : Array.ConvertAll(graph.Flags, f => f.HasFlag(GraphTaskFlags.Data));
        var ordered = new OrderGraph(graph.DependencyOffsets, graph.Dependencies, graph.External.Length, data);
        try
        {
            return TaskOrder.Compute(dialect.Version, ordered, graph.Keys, graph.External);
        }
        catch (GraphCycleException error)
        {
            throw new GraphExpansionException(CycleFailure(graph, error));
        }
    }

    private static Failure CycleFailure(GraphMaterialized graph, GraphCycleException error)
    {
        string cycle = string.Join("->", error.Cycle.Select(i => graph.KeyOf(i).ToString()));
        string text = $"Cycle detected in Dask: {cycle}";
        return new Failure(Opaque.FromBytes(PickleWriter.Exception("builtins", "RuntimeError", text)), null, text, null);
    }
}
