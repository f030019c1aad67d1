using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Tells cluster objects of workers that come and go (rows R41, W49): <c>subscribe_worker_status</c>.</summary>
public sealed class WorkerStatusFeed(Reactor reactor, StreamDirectory streams, Identity identity)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("subscribe_worker_status", SubscribeAsync);
    }

    // The answer has to be the first message; what follows are lists of changes. The comm goes on to take requests.
    private async Task SubscribeAsync(RpcCall call)
    {
        Connection comm = call.Comm;
        streams.Add(comm);
        await reactor.TellAsync((s, _) =>
        {
            MessageWriter w = call.Reply.Single();
            identity.Write(ref w, s, workers: -1, withMetrics: false);
            w.End();
            comm.Send(call.Reply);
            s.Coordination.WorkerStatus.Add(comm.Number);
        }).ConfigureAwait(false);
        call.WantsReply = false;
        comm.Closed.Register(() =>
        {
            streams.Remove(comm);
            _ = reactor.TellAsync((s, _) => s.Coordination.WorkerStatus.Remove(comm.Number));
        });
    }
}
