using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Csds.Epoll;
using Microsoft.AspNetCore.Connections;

namespace Csds.Server;

/// <summary>
/// What arrives on a connection. Its memory is taken when something is to be read, and given back when all of that is used: idle
/// connections have none. Who waits for input goes on on the epoll thread.
/// </summary>
internal sealed class EpollInput(EpollConnection connection) : PipeReader, IValueTaskSource<ReadResult>
{
    private const int BufferBytes = 64 * 1024;

    private ManualResetValueTaskSourceCore<ReadResult> waiter;
    private CancellationTokenRegistration cancellation;
    private byte[]? buffer;
    private int start;
    private int end;
    private int examined;
    private bool isWaiting;
    private bool isCanceled;
    private bool isCompleted;
    private Exception? failure;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        lock (connection.Gate)
        {
            if (!connection.IsWatched && !HasResult)
            {
                Receive();
            }
            if (HasResult)
            {
                return new ValueTask<ReadResult>(TakeResult());
            }
            cancellationToken.ThrowIfCancellationRequested();
            waiter.Reset();
            isWaiting = true;
            connection.Want(Readiness.Input);
        }
        if (cancellationToken.CanBeCanceled)
        {
            cancellation = cancellationToken.UnsafeRegister(static (input, token) => ((EpollInput)input!).Cancel(token), this);
        }
        return new ValueTask<ReadResult>(this, waiter.Version);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        lock (connection.Gate)
        {
            bool has = HasResult;
            result = has ? TakeResult() : default;
            return has;
        }
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (connection.Gate)
        {
            if (buffer is null)
            {
                return;
            }
            start = consumed.GetInteger();
            this.examined = examined.GetInteger();
            ReturnBufferIfEmpty();
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        lock (connection.Gate)
        {
            isCanceled = true;
        }
        TryFinish();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        lock (connection.Gate)
        {
            isCompleted = true;
            start = end;
            ReturnBufferIfEmpty();
        }
    }

    /// <summary>The socket has something to read, or has ended.</summary>
    internal void OnReady()
    {
        lock (connection.Gate)
        {
            if (!isWaiting)
            {
                connection.NoLongerWant(Readiness.Input); // Until somebody waits for it.
                return;
            }
            Receive();
        }
        TryFinish();
    }

    /// <summary>The connection has ended on this side; who reads gets to know why.</summary>
    internal void End(Exception reason)
    {
        lock (connection.Gate)
        {
            failure ??= reason;
        }
        TryFinish();
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        cancellation.Dispose();
        cancellation = default;
        return waiter.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        waiter.OnCompleted(continuation, state, token, flags);

    private bool HasResult => failure is not null || isCanceled || isCompleted || end > examined;

    private ReadResult TakeResult()
    {
        if (failure is not null)
        {
            throw failure;
        }
        bool canceled = isCanceled;
        isCanceled = false;
        var content = buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(buffer, start, end - start);
        return new ReadResult(content, canceled, isCompleted);
    }

    // Who waits goes on from here, so not with the gate held.
    private void TryFinish()
    {
        ReadResult result = default;
        lock (connection.Gate)
        {
            if (!isWaiting || !HasResult)
            {
                return;
            }
            isWaiting = false;
            if (failure is null)
            {
                result = TakeResult();
            }
        }
        if (failure is null)
        {
            waiter.SetResult(result);
        }
        else
        {
            waiter.SetException(failure);
        }
    }

    private void Cancel(CancellationToken token)
    {
        lock (connection.Gate)
        {
            if (!isWaiting)
            {
                return;
            }
            isWaiting = false;
        }
        waiter.SetException(new OperationCanceledException(token));
    }

    private void Receive()
    {
        if (connection.IsOver)
        {
            return; // Who ends it says why.
        }
        MakeRoom();
        int received = connection.Socket.Receive(buffer.AsSpan(end), SocketFlags.None, out SocketError error);
        switch (error)
        {
            case SocketError.Success:
                end += received;
                isCompleted = received == 0;
                break;
            case SocketError.WouldBlock:
                break;
            default:
                failure = new ConnectionResetException(new SocketException((int)error).Message);
                break;
        }
        ReturnBufferIfEmpty();
    }

    private void MakeRoom()
    {
        if (buffer is null)
        {
            buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        }
        else if (start > 0 && end == buffer.Length)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end, examined) = (0, end - start, examined - start);
        }
        else if (end == buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
            buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }

    private void ReturnBufferIfEmpty()
    {
        if (start < end)
        {
            return;
        }
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
        start = end = examined = 0;
    }
}
