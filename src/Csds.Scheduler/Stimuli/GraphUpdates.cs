using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// A client submits a graph (rows S68 to S82): the part of Dask's <c>update_graph</c> that compares the graph with the
/// state and has to happen in one go. Expansion and ordering came before, elsewhere.
/// </summary>
public static class GraphUpdates
{
    /// <summary>A graph is being expanded: the scheduler is not idle meanwhile.</summary>
    public static void BeginGraphUpdate(this SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.ActiveGraphUpdates++;
    }

    /// <summary>The graph has arrived: create its tasks, and start them.</summary>
    /// <param name="s">The state.</param>
    /// <param name="update">The message.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="start">Seconds since 1970 when the message came in.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void UpdateGraph(this SchedulerState s, GraphUpdate update, GraphMaterialized graph, double start, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(update);
        ArgumentNullException.ThrowIfNull(graph);
        s.Now = now;
        s.ActiveGraphUpdates--;
        byte[] stimulus = update.StimulusId ?? s.Stimulus("update-graph");
        if (!s.Clients.TryGetValue(update.Client, out ClientState? client))
        {
            s.CountStale("update-graph");
            return;
        }
        // What the state knows is looked up afterwards: giving lost keys up may have forgotten some of it.
        IReadOnlyList<int>? requested = LostDependencies.Resolve(s, client, update, graph, stimulus);
        var merge = new GraphMerge(s, graph, requested ?? []);
        if (requested is null)
        {
            LogUpdate(s, client, stimulus, "cancelled", merge, start);
            s.CheckInvariants();
            return;
        }
        merge.CreateTasks(s.Computations.Observe(update.Code));
        merge.AddDependencies();
        GraphAnnotations.Apply(s, update, merge);
        GraphPriorities.Set(s, update, merge, start);
        Want(s, client, merge);
        SetActors(s, update, merge);
        if (s.Options.Dialect.Spans)
        {
            s.Spans.Observe(merge.Touched);
        }
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.GraphSubmitted(client, merge.Touched, merge.RequestedTasks(), stimulus);
        }
        Recommend(s, merge);
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
        LogUpdate(s, client, stimulus, "OK", merge, start);
        s.RefreshNoWorkersSince(now);
        s.CheckInvariants();
    }

    /// <summary>The graph could not be expanded: every key errs, for this client, and nothing else changes (row S82).</summary>
    public static void GraphFailed(this SchedulerState s, GraphUpdate update, Failure failure, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(update);
        ArgumentNullException.ThrowIfNull(failure);
        s.Now = now;
        s.ActiveGraphUpdates--;
        s.Outbox.Log(LogSeverity.Error, failure.ExceptionText ?? "A graph could not be expanded");
        if (!s.Clients.TryGetValue(update.Client, out ClientState? client))
        {
            s.CountStale("update-graph");
            return;
        }
        foreach (Key key in update.Keys)
        {
            s.Outbox.To(client).TaskErred(key, failure.Exception, failure.Traceback);
        }
        byte[] stimulus = update.StimulusId ?? s.Stimulus("update-graph");
        s.LogEvent(["scheduler", client.ClientKey], 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "update-graph"u8);
            w.FieldToken("stimulus_id"u8, stimulus);
            w.Field("status"u8, "error"u8);
        });
    }

    // What is done already is reported here, everything else by the transitions that follow. Dask reports twice, and
    // on tasks that the client never asked for.
    private static void Want(SchedulerState s, ClientState client, GraphMerge merge)
    {
        foreach (TaskState ts in merge.RequestedTasks())
        {
            ClientInterest.Want(s, client, ts);
        }
    }

    private static void SetActors(SchedulerState s, GraphUpdate update, GraphMerge merge)
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

    // S79: what was asked for starts, the most urgent first, and pulls what it depends on. Before 2025.4 Dask starts
    // everything that can run at once, in the same order for graphs that it has ordered itself.
    private static void Recommend(SchedulerState s, GraphMerge merge)
    {
        TaskState[] released = [.. merge.RequestedTasks().Where(ts => ts.State == TaskStateName.Released)];
        Array.Sort(released, Propagation.LastRunsFirst);
        foreach (TaskState ts in released)
        {
            s.Recommendations.Add(ts, TaskStateName.Waiting);
        }
        foreach (TaskState ts in merge.Touched)
        {
            RecommendErred(s, ts);
        }
    }

    // S80. A result that is there stays there, whatever has happened to what it was computed from.
    private static void RecommendErred(SchedulerState s, TaskState ts)
    {
        if (ts.State == TaskStateName.Memory)
        {
            return;
        }
        foreach (TaskState dts in ts.Dependencies)
        {
            if (dts.ExceptionBlame is { } blame)
            {
                ts.EnsureDetails().ExceptionBlame = blame;
                s.Recommendations.Add(ts, TaskStateName.Erred);
                return;
            }
        }
    }

    private static void LogUpdate(
        SchedulerState s, ClientState client, byte[] stimulus, string status, GraphMerge merge, double start)
    {
        if (s.Options.Dialect.PackedGraphs)
        {
            LogCount(s, client, merge.Graph.Count);
            return;
        }
        bool done = status == "OK";
        s.LogEvent(["scheduler", client.ClientKey], done ? 4 : 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "update-graph"u8);
            w.FieldToken("stimulus_id"u8, stimulus);
            w.Field("status"u8, status);
            if (done)
            {
                w.Text("metrics"u8);
                w.Map(5);
                w.Field("tasks"u8, merge.Graph.Count);
                w.Field("new_tasks"u8, merge.NewTasks.Count);
                w.Field("key_collisions"u8, merge.Collisions);
                w.Field("start_timestamp_seconds"u8, start);
                w.Field("duration_seconds"u8, s.Now - start);
            }
        });
    }

    private static void LogCount(SchedulerState s, ClientState client, int count)
    {
        if (count > 1)
        {
            s.LogEvent(["all", client.ClientKey], 2, (ref MessageWriter w) =>
            {
                w.Field("action"u8, "update_graph"u8);
                w.Field("count"u8, count);
            });
        }
    }
}
