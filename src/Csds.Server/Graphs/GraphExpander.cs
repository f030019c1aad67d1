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
    public GraphMessage Read(Opaque message, string client, int mostTasks = int.MaxValue)
    {
        // In one walk: a graph may be most of a gigabyte.
        PackedGraph? packed = dialect.PackedGraphs ? new PackedGraph(mostTasks) : null;
        var reader = new MessageReader(message);
        GraphUpdate update = GraphUpdate.Read(ref reader, client, packed);
        return new GraphMessage(update, packed?.Build(), packed is { HasTooMany: true });
    }

    /// <inheritdoc/>
    public async Task<GraphMaterialized> ExpandAsync(Opaque message, GraphMessage read, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(read);
        GraphMaterialized graph = read.Graph ?? await helper(Checked(message), cancel).ConfigureAwait(false);
        return Complete(graph, read.Update);
    }

    // What Python's decoder refuses does not cost a helper. Without Python, all that is used of a message is checked as it is read.
    private static Opaque Checked(Opaque message)
    {
        int length = new MessageReader(message.Token).ReadToken().Length;
        return new Opaque(message.Token[..length], message.Frames);
    }

    private GraphMaterialized Complete(GraphMaterialized graph, GraphUpdate update)
    {
        (int[] requested, Key[] external) = Number(graph, update.Keys);
        graph = update.InGivenOrder(graph);
        int[] order = graph.OrderIsGiven ? graph.Order : Order(graph);
        return graph with { Requested = MostUrgentLast(requested, order), External = external, Order = order };
    }

    // As they will be started: the reactor need not sort them then. It does if a client's order is not one.
    private static int[] MostUrgentLast(int[] requested, int[] order)
    {
        int last = Math.Max(-1, order.DefaultIfEmpty(-1).Max());
        if (last >= 2 * order.Length)
        {
            return requested;
        }
        int[] numberAt = new int[last + 1];
        Array.Fill(numberAt, -1);
        var unordered = new List<int>();
        foreach (int number in requested)
        {
            if (number < order.Length)
            {
                if (order[number] < 0 || numberAt[order[number]] >= 0)
                {
                    return requested;
                }
                numberAt[order[number]] = number;
            }
            else
            {
                unordered.Add(number);
            }
        }
        Array.Reverse(numberAt);
        return [.. numberAt.Where(number => number >= 0), .. unordered];
    }

    private static (int[] Requested, Key[] External) Number(GraphMaterialized graph, Key[] wanted)
    {
        // Often all tasks are wanted, as they come.
        if (wanted.AsSpan().SequenceEqual(graph.Keys))
        {
            return ([.. Enumerable.Range(0, wanted.Length)], graph.External);
        }
        // Mostly the last few, so only they are looked up, in a table of their own.
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
