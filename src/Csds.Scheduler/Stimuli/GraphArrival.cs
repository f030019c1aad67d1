using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// A graph on its way into the state, a part at a time: everybody else is served between two parts, however large the
/// graph (rows S68 to S82: the part of Dask's <c>update_graph</c> that compares the graph with the state).
/// </summary>
/// <remarks>
/// All tasks are created, connected and waited for before the first one is dispatched. Until then none of them is
/// forgotten, whatever else happens (<see cref="TaskState.IsHeld"/>). What is dispatched, and in which order, is the same as
/// in one go.
/// </remarks>
public sealed class GraphArrival
{
    /// <summary>Tasks of one part: some ten milliseconds.</summary>
    private const int PartTasks = 4096;

    /// <summary>A step that takes as long as a part.</summary>
    private const int WholePart = -1;

    private readonly SchedulerState s;
    private readonly GraphUpdate update;
    private readonly GraphMaterialized graph;
    private readonly double start;
    private readonly byte[] stimulus;
    private readonly GraphStart dispatch;
    private readonly IEnumerator<int> steps;
    private GraphMerge? merge;
    private bool isOver;

    /// <summary>Begins; nothing happens before <see cref="Advance"/>.</summary>
    /// <param name="s">The state.</param>
    /// <param name="update">The message.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="start">Seconds since 1970 when the message came in.</param>
    /// <param name="now">Seconds since 1970.</param>
    public GraphArrival(SchedulerState s, GraphUpdate update, GraphMaterialized graph, double start, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(update);
        ArgumentNullException.ThrowIfNull(graph);
        this.s = s;
        this.update = update;
        this.graph = graph;
        this.start = start;
        s.Now = now;
        stimulus = update.StimulusId ?? s.Stimulus("update-graph");
        dispatch = new GraphStart(s, stimulus);
        steps = Steps().GetEnumerator();
        s.Arrivals.Add(this);
    }

    /// <summary>Goes on with the next part; false when it was the last one.</summary>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="tasks">How many tasks the part has, about.</param>
    public bool Advance(double now, int tasks = PartTasks)
    {
        s.Now = now;
        bool completed = false;
        try
        {
            for (int i = 0; i < tasks && !isOver; i++)
            {
                isOver = !steps.MoveNext();
                if (!isOver && steps.Current == WholePart)
                {
                    break;
                }
            }
            completed = true;
        }
        finally
        {
            if (!completed)
            {
                Abandon();
            }
            if (isOver)
            {
                s.Arrivals.Remove(this);
                s.ActiveGraphUpdates--;
            }
        }
        s.CheckInvariants();
        return !isOver;
    }

    /// <summary>Nothing more of the graph arrives.</summary>
    internal void Abandon()
    {
        isOver = true;
        dispatch.Abandon();
        merge?.Abandon();
    }

    // Each step is one task's, or makes room for all of them.
    private IEnumerable<int> Steps()
    {
        if (!s.Clients.TryGetValue(update.Client, out ClientState? client))
        {
            s.CountStale("update-graph");
            yield break;
        }
        // What the state knows is looked up afterwards: giving lost keys up may have forgotten some of it.
        if (LostDependencies.Resolve(s, client, update, graph, stimulus) is not { } requested)
        {
            GraphUpdates.LogCancelled(s, client, stimulus, graph);
            yield break;
        }
        merge = new GraphMerge(s, graph, requested);
        if (graph.Count > PartTasks)
        {
            yield return WholePart; // The memory for all of them takes a while each time.
            s.Tasks.EnsureCapacity(Math.Min(graph.Count, 1 << 20));
            yield return WholePart;
        }
        foreach (int step in Merge(client, merge).Concat(Start(client, merge)))
        {
            yield return step;
        }
        GraphUpdates.LogUpdate(s, client, stimulus, merge, start);
        s.RefreshNoWorkersSince(s.Now);
    }

    private IEnumerable<int> Merge(ClientState client, GraphMerge merge)
    {
        foreach (int number in merge.CreateTasks(s.Computations.Observe(update.Code)))
        {
            // At once: the garbage collector would look at all of them again if they were written to later on.
            if (merge.IsNew(number) && merge.IsRequested(number) && IsConnected(client))
            {
                ClientInterest.Want(s, client, merge.StateOf(number)!);
            }
            yield return number;
        }
        var priorities = new GraphPriorities(s, update, graph, start);
        foreach (int number in merge.Touched)
        {
            GraphAnnotations.Apply(s, update, merge, number);
            priorities.Set(merge.StateOf(number)!, number);
            yield return number;
        }
        // What is done already is reported here, everything else by the transitions that follow. Dask reports twice, and
        // on tasks that the client never asked for.
        foreach (int number in merge.Requested)
        {
            if (!IsConnected(client))
            {
                yield break; // It has gone meanwhile. What nobody wants does not start.
            }
            TaskState ts = merge.StateOf(number)!;
            if (ts.State == TaskStateName.Forgotten)
            {
                s.Outbox.To(client).CancelledKeys([ts.Key], s.Options.Dialect, "lost dependencies");
            }
            else if (!merge.IsNew(number))
            {
                ClientInterest.Want(s, client, ts);
            }
            yield return number;
        }
    }

    private bool IsConnected(ClientState client) => ReferenceEquals(s.Clients.GetValueOrDefault(update.Client), client);

    private IEnumerable<int> Start(ClientState client, GraphMerge merge)
    {
        SetActors(merge);
        foreach (int step in s.Options.Dialect.Spans ? s.Spans.Observe(merge.TouchedTasks()) : [])
        {
            yield return step;
        }
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.GraphSubmitted(client, merge.TouchedTasks(), merge.RequestedTasks(), stimulus);
        }
        foreach (int step in dispatch.Fail(merge).Concat(dispatch.Await(merge)))
        {
            yield return step;
        }
        foreach (int step in merge.LetGo())
        {
            s.RunRecommendations(stimulus);
            yield return step;
        }
        foreach (int step in dispatch.Dispatch())
        {
            yield return step;
        }
        s.FillOpenSlots(stimulus);
    }

    private void SetActors(GraphMerge merge)
    {
        if (update.AllActors)
        {
            foreach (TaskState ts in merge.RequestedTasks())
            {
                ts.Actor = true;
            }
        }
        foreach (Key key in update.Actors)
        {
            if (s.Tasks.Find(key) is { } ts)
            {
                ts.Actor = true;
            }
        }
    }
}
