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
    /// <summary>Steps of one part, which are tasks: some ten milliseconds.</summary>
    private const int PartSteps = 4096;

    /// <summary>Room that is made at once, in tasks.</summary>
    private const int MostExpected = 1 << 20;

    private readonly SchedulerState s;
    private readonly GraphUpdate update;
    private readonly GraphMaterialized graph;
    private readonly double start;
    private readonly byte[] stimulus;
    private readonly ArrivalPart part = new();
    private readonly GraphStart dispatch;
    private readonly IEnumerator<PartEnd> parts;
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
        dispatch = new GraphStart(s, stimulus, part);
        parts = Parts().GetEnumerator();
        s.Arrivals.Add(this);
    }

    /// <summary>Goes on with the next part; false when it was the last one.</summary>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="steps">How many steps the part has.</param>
    public bool Advance(double now, int steps = PartSteps)
    {
        s.Now = now;
        bool completed = false;
        try
        {
            part.Begin(steps);
            isOver = isOver || !parts.MoveNext(); // It may have been abandoned since.
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
            // With many workers there is one task for each in a part. They answer with as much as they get, and get as much again.
            s.Outbox.IsHeld = !isOver && dispatch.IsFillingSlots;
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

    private IEnumerable<PartEnd> Parts()
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
        if (graph.Count > PartSteps)
        {
            yield return default; // The memory for all of them takes a while each time.
            s.Tasks.EnsureCapacity(Math.Min(graph.Count, MostExpected));
            yield return default;
        }
        foreach (PartEnd end in Merge(client, merge).Concat(Start(client, merge)))
        {
            yield return end;
        }
        GraphUpdates.LogUpdate(s, client, stimulus, merge, start);
        s.RefreshNoWorkersSince(s.Now);
    }

    private IEnumerable<PartEnd> Merge(ClientState client, GraphMerge merge)
    {
        var priorities = new GraphPriorities(s, update, graph, start);
        Computation computation = s.Computations.Observe(update.Code);
        bool isConnected = true, isExpected = false;
        merge.BeginTouching();
        while (merge.TryTouchNext(computation, out int number))
        {
            // All of it at once: the garbage collector looks again at whatever was written to, and so does the processor.
            TaskState ts = merge.StateOf(number)!;
            if (isConnected && merge.IsNew(number) && merge.IsRequested(number))
            {
                ClientInterest.Want(s, client, ts);
            }
            GraphAnnotations.Apply(s, update, merge, number);
            priorities.Set(ts, number);
            if (part.IsFull())
            {
                yield return default;
                isConnected = IsConnected(client);
                if (isConnected && !isExpected)
                {
                    // Once, and not each time that there are twice as many.
                    client.WantsWhat.Expect(Math.Min(client.WantsWhat.Count + merge.Requested.Count, MostExpected));
                    isExpected = true;
                }
            }
        }
        if (merge.IsAllNew)
        {
            yield break;
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
            if (part.IsFull())
            {
                yield return default;
            }
        }
    }

    private bool IsConnected(ClientState client) => ReferenceEquals(s.Clients.GetValueOrDefault(update.Client), client);

    private IEnumerable<PartEnd> Start(ClientState client, GraphMerge merge)
    {
        SetActors(merge);
        if (s.Options.Dialect.Spans)
        {
            foreach (PartEnd end in s.Spans.Observe(merge.TouchedTasks(), part))
            {
                yield return end;
            }
        }
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.GraphSubmitted(client, merge.TouchedTasks(), merge.RequestedTasks(), stimulus);
        }
        foreach (PartEnd end in dispatch.Fail(merge).Concat(dispatch.Await(merge)))
        {
            yield return end;
        }
        while (merge.TryLetNextGo())
        {
            s.RunRecommendations(stimulus);
            if (part.IsFull())
            {
                yield return default;
            }
        }
        foreach (PartEnd end in dispatch.Dispatch())
        {
            yield return end;
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
