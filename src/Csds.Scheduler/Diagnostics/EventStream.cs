using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Tells one listener of workers, clients, graphs and runs of tasks as they come and go: Dask's <c>WebsocketPlugin</c>. It
/// watches only as long as somebody listens, and hands out values: their text is up to the listener.
/// </summary>
public sealed class EventStream : ISchedulerObserver
{
    private readonly SchedulerState s;
    private readonly Action<string, Opaque> note;
    private readonly RunReports reports;

    private EventStream(SchedulerState s, Action<string, Opaque> note)
    {
        this.s = s;
        this.note = note;
        reports = new RunReports(s);
    }

    /// <summary>Begins to tell; the workers that are there already come first.</summary>
    /// <param name="s">The state.</param>
    /// <param name="note">Takes the name of an event and a map of its data. Called within the event, so it must not wait.</param>
    public static EventStream Open(SchedulerState s, Action<string, Opaque> note)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(note);
        var stream = new EventStream(s, note);
        foreach (WorkerState ws in s.Workers.Sorted)
        {
            stream.NoteWorker("add_worker", ws);
        }
        s.Observers.Add(stream);
        return stream;
    }

    /// <summary>Ends it.</summary>
    public void Close() => s.Observers.Remove(this);

    void ISchedulerObserver.GraphSubmitted(IEnumerable<TaskState> requested)
    {
    }

    void ISchedulerObserver.GraphSubmitted(
        ClientState client, IEnumerable<TaskState> touched, IEnumerable<TaskState> requested, byte[] stimulusId) =>
        NoteClient("update_graph", client);

    void ISchedulerObserver.Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
    {
        if (reports.TryWrite(ts, start, ref context, out Opaque? report, out _))
        {
            note("transition", report);
        }
    }

    void ISchedulerObserver.WorkerAdded(WorkerState ws) => NoteWorker("add_worker", ws);

    void ISchedulerObserver.WorkerRemoved(WorkerState ws, byte[] stimulusId) => NoteWorker("remove_worker", ws);

    void ISchedulerObserver.ClientAdded(ClientState cs) => NoteClient("add_client", cs);

    void ISchedulerObserver.ClientRemoved(ClientState cs) => NoteClient("remove_client", cs);

    void ISchedulerObserver.Restarted() => note("restart", Answers.Value((ref MessageWriter w) => w.Map(0)));

    private void NoteWorker(string name, WorkerState ws) => note(name, Answers.Value((ref MessageWriter w) =>
    {
        w.Map(1);
        w.FieldToken("worker"u8, ws.AddressToken);
    }));

    private void NoteClient(string name, ClientState cs) => note(name, Answers.Value((ref MessageWriter w) =>
    {
        w.Map(1);
        w.Field("client"u8, cs.ClientKey);
    }));
}
