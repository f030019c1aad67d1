using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Reports what happens to whoever runs scheduler plugins: a stream of its own, with one message per call of a plugin's
/// method. Only what some plugin wants to see is written.
/// </summary>
public sealed class PluginReports : StreamPeer, ISchedulerObserver
{
    private readonly SchedulerState s;
    private readonly PluginHooks hooks;

    internal PluginReports(SchedulerState s, long connection, PluginHooks hooks)
        : base(connection)
    {
        this.s = s;
        this.hooks = hooks;
        Connection = connection;
    }

    /// <summary>The hook with the name of the plugins' method; none for one that is not reported.</summary>
    public static PluginHooks Parse(string name) => name switch
    {
        "update_graph" => PluginHooks.UpdateGraph,
        "transition" => PluginHooks.Transition,
        "add_worker" => PluginHooks.AddWorker,
        "remove_worker" => PluginHooks.RemoveWorker,
        "add_client" => PluginHooks.AddClient,
        "remove_client" => PluginHooks.RemoveClient,
        "restart" => PluginHooks.Restart,
        "log_event" => PluginHooks.LogEvent,
        _ => PluginHooks.None,
    };

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    void ISchedulerObserver.GraphSubmitted(
        ClientState client, IEnumerable<TaskState> tasks, IEnumerable<TaskState> requested, byte[] stimulusId)
    {
        if (!hooks.HasFlag(PluginHooks.UpdateGraph))
        {
            return;
        }
        TaskState[] touched = [.. tasks];
        MessageWriter w = Begin("update_graph"u8, 7);
        w.Field("client"u8, client.ClientKey);
        w.FieldToken("stimulus_id"u8, stimulusId);
        Attributes.Tasks(ref w, "tasks"u8, touched);
        Attributes.Tasks(ref w, "keys"u8, [.. requested]);
        WritePriorities(ref w, touched);
        WriteDependencies(ref w, touched);
        TaskState[] annotated = [.. touched.Where(ts => ts.Details?.Annotations is not null)];
        w.Text("annotations"u8);
        w.Map(annotated.Length);
        foreach (TaskState ts in annotated)
        {
            w.Key(ts.Key);
            w.Value(ts.Details!.Annotations);
        }
        w.End();
    }

    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (!hooks.HasFlag(PluginHooks.Transition))
        {
            return;
        }
        Failure? failure = context.Failure;
        WorkerState? worker = context.Worker;
        bool finished = start == TaskStateName.Processing && ts.State == TaskStateName.Memory && worker is not null;
        MessageWriter w = Begin("transition"u8, 4 + (worker is null ? 0 : 1) + (failure is null ? 0 : 5) + (finished ? 3 : 0));
        w.FieldToken("key"u8, ts.Key.Token);
        w.Field("start"u8, start.ToText());
        w.Field("finish"u8, ts.State.ToText());
        w.FieldToken("stimulus_id"u8, context.StimulusId);
        if (worker is not null)
        {
            w.FieldToken("worker"u8, worker.AddressToken);
        }
        if (failure is not null)
        {
            w.FieldToken("cause"u8, (context.Cause ?? ts).Key.Token);
            w.Field("exception"u8, failure.Exception);
            w.Field("traceback"u8, failure.Traceback);
            w.Field("exception_text"u8, failure.ExceptionText ?? "");
            w.Field("traceback_text"u8, failure.TracebackText ?? "");
        }
        if (finished)
        {
            w.Field("nbytes"u8, ts.NBytes);
            w.Field("typename"u8, ts.Type);
            w.Text("startstops"u8);
            if (context.Finished.StartStops.IsEmpty)
            {
                w.List(0);
            }
            else
            {
                w.Token(context.Finished.StartStops.Span);
            }
        }
        w.End();
    }

    void ISchedulerObserver.WorkerAdded(WorkerState ws)
    {
        if (hooks.HasFlag(PluginHooks.AddWorker))
        {
            MessageWriter w = Begin("add_worker"u8, 1);
            w.FieldToken("worker"u8, ws.AddressToken);
            w.End();
        }
    }

    void ISchedulerObserver.WorkerRemoved(WorkerState ws, byte[] stimulusId)
    {
        if (hooks.HasFlag(PluginHooks.RemoveWorker))
        {
            MessageWriter w = Begin("remove_worker"u8, 2);
            w.FieldToken("worker"u8, ws.AddressToken);
            w.FieldToken("stimulus_id"u8, stimulusId);
            w.End();
        }
    }

    void ISchedulerObserver.ClientAdded(ClientState cs) => ReportClient(PluginHooks.AddClient, "add_client"u8, cs);

    void ISchedulerObserver.ClientRemoved(ClientState cs) => ReportClient(PluginHooks.RemoveClient, "remove_client"u8, cs);

    void ISchedulerObserver.Restarted()
    {
        if (hooks.HasFlag(PluginHooks.Restart))
        {
            Begin("restart"u8, 0).End();
        }
    }

    internal void EventLogged(string topic, Opaque message)
    {
        MessageWriter w = Begin("log_event"u8, 2);
        w.Field("topic"u8, topic);
        w.Field("msg"u8, message);
        w.End();
    }

    private MessageWriter Begin(ReadOnlySpan<byte> hook, int entries)
    {
        MessageWriter w = s.Outbox.To(this).Add();
        w.Map(entries + 1);
        w.Field("op"u8, hook);
        return w;
    }

    private void ReportClient(PluginHooks hook, ReadOnlySpan<byte> name, ClientState cs)
    {
        if (hooks.HasFlag(hook))
        {
            MessageWriter w = Begin(name, 1);
            w.Field("client"u8, cs.ClientKey);
            w.End();
        }
    }

    private static void WritePriorities(ref MessageWriter w, TaskState[] tasks)
    {
        w.Text("priority"u8);
        w.Map(tasks.Length);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
            ts.Priority.Write(ref w);
        }
    }

    private static void WriteDependencies(ref MessageWriter w, TaskState[] tasks)
    {
        w.Text("dependencies"u8);
        w.Map(tasks.Length);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
            w.Set(ts.Dependencies.Count);
            foreach (TaskState dts in ts.Dependencies)
            {
                w.Key(dts.Key);
            }
        }
    }
}
