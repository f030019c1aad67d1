using System.Net.Sockets;
using Csds.Epoll;
using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>A comm for requests to the scheduler, one at a time. All workers share it for their heartbeats.</summary>
internal sealed class RpcLink(Poller poller, Socket socket, Action onLost) : Link(poller, socket)
{
    private readonly Queue<(Action<MessageBatch> Write, Action<FrameGroup> Answered)> waiting = new();
    private readonly MessageBatch request = new();

    /// <summary>Sends a request when those before it are answered.</summary>
    public void Ask(Action<MessageBatch> write, Action<FrameGroup> answered)
    {
        waiting.Enqueue((write, answered));
        if (waiting.Count == 1)
        {
            SendFirst();
        }
    }

    /// <inheritdoc/>
    protected override void Receive(FrameGroup message)
    {
        waiting.Dequeue().Answered(message);
        if (waiting.Count > 0)
        {
            SendFirst();
        }
    }

    /// <inheritdoc/>
    protected override void OnClosed() => onLost();

    private void SendFirst()
    {
        waiting.Peek().Write(request);
        Send(request);
    }
}
