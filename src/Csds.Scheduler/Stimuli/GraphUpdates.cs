using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// A client submits a graph: expansion and ordering happen elsewhere, then its tasks enter the state
/// (<see cref="GraphArrival"/>).
/// </summary>
public static class GraphUpdates
{
    /// <summary>A graph is being expanded: the scheduler is not idle meanwhile.</summary>
    public static void BeginGraphUpdate(this SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.ActiveGraphUpdates++;
    }

    /// <summary>There is no graph after all: its message cannot be read.</summary>
    public static void AbandonGraphUpdate(this SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.ActiveGraphUpdates--;
    }

    /// <summary>The graph has arrived: create its tasks, and start them, in one go.</summary>
    /// <param name="s">The state.</param>
    /// <param name="update">The message.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="start">Seconds since 1970 when the message came in.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void UpdateGraph(this SchedulerState s, GraphUpdate update, GraphMaterialized graph, double start, double now)
    {
        var arrival = new GraphArrival(s, update, graph, start, now);
        while (arrival.Advance(now))
        {
        }
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
        s.LogEvent(["scheduler", client.ClientKey], 3, (ref MessageWriter w) => WriteUpdate(ref w, stimulus, "error"));
    }

    internal static void LogCancelled(SchedulerState s, ClientState client, byte[] stimulus, GraphMaterialized graph)
    {
        if (s.Options.Dialect.PackedGraphs)
        {
            LogCount(s, client, graph.Count);
            return;
        }
        s.LogEvent(["scheduler", client.ClientKey], 3, (ref MessageWriter w) => WriteUpdate(ref w, stimulus, "cancelled"));
    }

    internal static void LogUpdate(SchedulerState s, ClientState client, byte[] stimulus, GraphMerge merge, double start)
    {
        if (s.Options.Dialect.PackedGraphs)
        {
            LogCount(s, client, merge.Graph.Count);
            return;
        }
        s.LogEvent(["scheduler", client.ClientKey], 4, (ref MessageWriter w) =>
        {
            WriteUpdate(ref w, stimulus, "OK");
            w.Text("metrics"u8);
            w.Map(5);
            w.Field("tasks"u8, merge.Graph.Count);
            w.Field("new_tasks"u8, merge.NewTasks);
            w.Field("key_collisions"u8, merge.Collisions);
            w.Field("start_timestamp_seconds"u8, start);
            w.Field("duration_seconds"u8, s.Now - start);
        });
    }

    private static void WriteUpdate(ref MessageWriter w, byte[] stimulus, string status)
    {
        w.Field("action"u8, "update-graph"u8);
        w.FieldToken("stimulus_id"u8, stimulus);
        w.Field("status"u8, status);
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
