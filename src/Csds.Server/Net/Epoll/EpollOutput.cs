using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Csds.Epoll;

namespace Csds.Server;

/// <summary>
/// What is sent on a connection: at once, by who flushes; what the peer does not take yet is sent by the epoll thread. One flush
/// at a time; it cannot be cancelled.
/// </summary>
internal sealed class EpollOutput(EpollConnection connection) : PipeWriter, IValueTaskSource<FlushResult>
{
    private const int BufferBytes = 4 * 1024;

    private ManualResetValueTaskSourceCore<FlushResult> waiter;
    private byte[]? buffer;
    private int sent;
    private int end;
    private bool isWaiting;
    private bool isCompleted;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => end - sent;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return buffer.AsMemory(end);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return buffer.AsSpan(end);
    }

    /// <inheritdoc/>
    public override void Advance(int bytes) => end += bytes;

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        MakeRoom(source.Length); // At once; to write it without would double the buffer again and again.
        source.CopyTo(buffer.AsMemory(end));
        Advance(source.Length);
        return FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (connection.Gate)
        {
            if (SendAll())
            {
                return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted));
            }
            waiter.Reset();
            isWaiting = true;
            connection.Want(Readiness.Output);
        }
        return new ValueTask<FlushResult>(this, waiter.Version);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        lock (connection.Gate)
        {
            isCompleted = true;
        }
        connection.Shutdown();
    }

    /// <summary>There is room to send more, or the connection has ended.</summary>
    internal void OnReady()
    {
        lock (connection.Gate)
        {
            if (isWaiting && !SendAll())
            {
                return;
            }
            connection.NoLongerWant(Readiness.Output);
        }
        Finish();
    }

    /// <summary>The connection has ended on this side.</summary>
    internal void End()
    {
        lock (connection.Gate)
        {
            isCompleted = true;
        }
        Finish();
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => waiter.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        waiter.OnCompleted(continuation, state, token, flags);

    private void Finish()
    {
        lock (connection.Gate)
        {
            if (!isWaiting)
            {
                return;
            }
            isWaiting = false;
        }
        waiter.SetResult(new FlushResult(isCanceled: false, isCompleted));
    }

    // False if the peer takes no more for now. What cannot be sent any more counts as sent; reading tells what has happened.
    private bool SendAll()
    {
        while (sent < end && !isCompleted && !connection.IsOver)
        {
            int count = connection.Socket.Send(buffer.AsSpan(sent, end - sent), SocketFlags.None, out SocketError error);
            switch (error)
            {
                case SocketError.Success:
                    sent += count;
                    break;
                case SocketError.WouldBlock:
                    return false;
                default:
                    isCompleted = true;
                    break;
            }
        }
        isCompleted |= connection.IsOver;
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
        sent = end = 0;
        return true;
    }

    private void MakeRoom(int sizeHint)
    {
        int needed = end + Math.Max(1, sizeHint);
        if (buffer is null)
        {
            buffer = ArrayPool<byte>.Shared.Rent(Math.Max(BufferBytes, needed));
        }
        else if (needed > buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * buffer.Length));
            buffer.AsSpan(0, end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }
}
