using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Csds.Epoll;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// A connection on the epoll thread. What arrives is read when somebody waits for it; what is written is sent at once, on the
/// writer's thread, and by the epoll thread only if the peer is slow.
/// </summary>
internal sealed partial class EpollConnection : ConnectionContext, IPolled, IConnectionSocketFeature, IDuplexPipe
{
    private readonly Poller poller;
    private readonly ILogger logger;
    private readonly EpollInput input;
    private readonly EpollOutput output;
    private readonly CancellationTokenSource closed = new();
    private Readiness interest = Readiness.PeerEnded;

    /// <summary>Takes over a connected socket.</summary>
    internal EpollConnection(Socket socket, Poller poller, ILogger logger)
    {
        Socket = socket;
        this.poller = poller;
        this.logger = logger;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = closed.Token;
        input = new EpollInput(this);
        output = new EpollOutput(this);
        Transport = this;
        Features.Set<IConnectionSocketFeature>(this);
        poller.Add(this, interest);
    }

    /// <inheritdoc/>
    public Socket Socket { get; }

    /// <inheritdoc/>
    public override string ConnectionId { get; set; } = "";

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items
    {
        get => field ??= new ConnectionItems();
        set;
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; set; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; set; }

    PipeReader IDuplexPipe.Input => input;

    PipeWriter IDuplexPipe.Output => output;

    /// <summary>Guards what both sides of the connection and the epoll thread touch.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The connection was ended on this side: nothing more comes in or goes out.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>False: the epoll thread tells nothing any more, and what is left can be read without waiting.</summary>
    internal bool IsWatched { get; private set; } = true;

    /// <inheritdoc/>
    public void OnReady(Readiness ready)
    {
        if ((ready & ~Readiness.Input & ~Readiness.Output) != 0)
        {
            PeerEnded(ready);
        }
        if ((ready & ~Readiness.Output) != 0)
        {
            input.OnReady();
        }
        if ((ready & ~Readiness.Input) != 0)
        {
            output.OnReady();
        }
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason) => End(abortReason);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        End(new ConnectionAbortedException("the connection is closed"));
        return base.DisposeAsync();
    }

    /// <summary>Watches for this, too. Only with the gate held.</summary>
    internal void Want(Readiness more) => SetInterest(interest | more);

    /// <summary>Watches no longer for this. Only with the gate held.</summary>
    internal void NoLongerWant(Readiness less) => SetInterest(interest & ~less);

    /// <summary>Everything has been sent that will be: the peer gets to know, and nothing more is read.</summary>
    internal void Shutdown()
    {
        lock (Gate)
        {
            ShutdownSocket();
        }
    }

    /// <summary>Tells whoever looks at <see cref="ConnectionContext.ConnectionClosed"/>, on another thread.</summary>
    internal void SignalClosed() => ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), closed, preferLocal: false);

    // Told once: as long as nobody reads, the epoll thread would hear of it again and again.
    private void PeerEnded(Readiness ready)
    {
        lock (Gate)
        {
            if (IsOver)
            {
                return;
            }
            NoLongerWant(Readiness.PeerEnded);
            if ((ready & (Readiness.Error | Readiness.HangUp)) != 0)
            {
                StopWatching();
            }
        }
        SignalClosed();
    }

    private void End(Exception reason)
    {
        lock (Gate)
        {
            if (IsOver)
            {
                return;
            }
            IsOver = true;
            StopWatching();
            ShutdownSocket();
            Socket.Dispose();
        }
        SignalClosed();
        input.End(reason);
        output.End();
    }

    private void SetInterest(Readiness wanted)
    {
        if (wanted != interest && IsWatched)
        {
            poller.Change(this, wanted);
        }
        interest = wanted;
    }

    private void StopWatching()
    {
        if (IsWatched)
        {
            IsWatched = false;
            poller.Remove(this);
        }
    }

    private void ShutdownSocket()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            LogGone(logger, RemoteEndPoint, error.Message); // It has ended already.
        }
    }

    [LoggerMessage(EventId = 16, Level = LogLevel.Debug, Message = "Connection from {Remote} has ended: {Reason}")]
    private static partial void LogGone(ILogger logger, EndPoint? remote, string reason);
}
