using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Who is told of each worker that comes or goes (rows R41, W49): the cluster objects. Dask's <c>WorkerStatusPlugin</c>, of
/// which there is one at a time; here every subscriber is served.
/// </summary>
public sealed class WorkerStatusSubscribers(SchedulerState s)
{
    private readonly List<Subscriber> subscribers = [];

    /// <summary>Tells a connection from now on.</summary>
    /// <param name="connection">The host's number of it.</param>
    public void Add(long connection) => subscribers.Add(new Subscriber(connection));

    /// <summary>The connection has ended.</summary>
    public void Remove(long connection)
    {
        foreach (Subscriber gone in subscribers.Where(x => x.Connection == connection))
        {
            gone.StreamClosed = true;
        }
        subscribers.RemoveAll(x => x.StreamClosed);
    }

    /// <summary><c>["add", {"workers": {address: identity}}]</c></summary>
    internal void Added(WorkerState ws)
    {
        foreach (Subscriber subscriber in subscribers)
        {
            MessageWriter w = s.Outbox.To(subscriber).Add();
            w.List(2);
            w.Text("add"u8);
            w.Map(1);
            w.Text("workers"u8);
            w.Map(1);
            w.Token(ws.AddressToken);
            WorkerIdentity.Write(ref w, ws, withMetrics: false);
            w.End();
        }
    }

    /// <summary><c>["remove", address]</c></summary>
    internal void Removed(WorkerState ws)
    {
        foreach (Subscriber subscriber in subscribers)
        {
            MessageWriter w = s.Outbox.To(subscriber).Add();
            w.List(2);
            w.Text("remove"u8);
            w.Token(ws.AddressToken);
            w.End();
        }
    }

    private sealed class Subscriber : StreamPeer
    {
        internal Subscriber(long connection) : base(connection) => Connection = connection;
    }
}
