using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Connections;

namespace Csds.Server;

/// <summary>
/// One Dask comm: messages in, one at a time; messages out, in order, without waiting. Output is written straight into
/// the transport's pipe; what comes while the peer is slow waits here and goes out together.
/// </summary>
public sealed class Connection : IAsyncDisposable
{
    private static long numbers;

    /// <summary>Larger batches are written in pieces, so that they do not lie in the pipe's memory as well.</summary>
    private const int DirectBytes = 256 * 1024;

    private readonly ConnectionContext transport;
    private readonly FrameReader frameReader;
    private readonly long maxUnsentBytes;
    private readonly Lock gate = new();
    private readonly Queue<Output> waiting = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long unsentBytes;
    private bool writing;
    private bool closing;

    /// <summary>Takes over a transport connection.</summary>
    public Connection(ConnectionContext transport, ServerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(settings);
        this.transport = transport;
        frameReader = new FrameReader(settings.FrameLimits);
        maxUnsentBytes = settings.MaxUnsentBytes;
        Number = Interlocked.Increment(ref numbers);
    }

    /// <summary>Number of the connection, never used twice; not 0.</summary>
    public long Number { get; }

    /// <summary>The peer's address, for logs.</summary>
    public string RemoteAddress => transport.RemoteEndPoint?.ToString() ?? "unknown";

    /// <summary>Signalled when the connection is over.</summary>
    public CancellationToken Closed => transport.ConnectionClosed;

    /// <summary>Reads the next message; null at the end of the stream.</summary>
    /// <exception cref="ProtocolException">The bytes are no message, or end in the middle of one.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <remarks>To be awaited once: what waits for a message is used again for the next one.</remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<FrameGroup?> ReadAsync(CancellationToken cancel = default)
    {
        PipeReader input = transport.Transport.Input;
        bool complete = false;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(cancel).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                FrameGroup? group;
                try
                {
                    complete = frameReader.TryRead(ref buffer, out group);
                }
                finally
                {
                    // What lies behind a complete message is the next one's, and has not been looked at.
                    input.AdvanceTo(buffer.Start, complete ? buffer.Start : buffer.End);
                }
                if (complete)
                {
                    return group;
                }
                if (result.IsCompleted || result.IsCanceled)
                {
                    return buffer.IsEmpty && frameReader.IsAtBoundary
                        ? null
                        : throw new ProtocolException("the stream ended in the middle of a message");
                }
            }
        }
        catch (ConnectionAbortedException error)
        {
            // To the transport, an end that was asked for here is a cancellation; to who waits for an answer it is a loss.
            throw new IOException(error.Message, error);
        }
        finally
        {
            if (!complete)
            {
                frameReader.Abandon(); // Nothing more is read.
            }
        }
    }

    /// <summary>
    /// Sends a batch behind everything sent before; gives it back to <paramref name="owner"/>, if there is one, when
    /// it is written. Does not wait; a peer that is gone gets nothing.
    /// </summary>
    public void Send(MessageBatch batch, Outbox? owner = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ValueTask<FlushResult> flush;
        lock (gate)
        {
            if (closing)
            {
                owner?.Return(batch);
                return;
            }
            if (writing)
            {
                unsentBytes += batch.Bytes;
                waiting.Enqueue(new Output(batch, owner));
                if (unsentBytes > maxUnsentBytes)
                {
                    Abort($"{unsentBytes} bytes wait for a peer that does not read");
                }
                return;
            }
            writing = true;
            if (batch.Bytes > DirectBytes)
            {
                waiting.Enqueue(new Output(batch, owner));
                flush = default;
            }
            else
            {
                flush = TryWrite(batch);
                owner?.Return(batch);
            }
        }
        if (flush.IsCompletedSuccessfully && TryEndWriting())
        {
            return;
        }
        _ = WriteWaitingAsync(flush);
    }

    /// <summary>Ends the connection when everything sent so far is on its way.</summary>
    public void CloseBehindOutput()
    {
        lock (gate)
        {
            closing = true;
            if (!writing)
            {
                drained.TrySetResult();
            }
        }
        _ = EndAsync();
    }

    /// <summary>What the peer did that breaks the protocol; null: nothing.</summary>
    public string? Fault { get; private set; }

    /// <summary>Ends the connection now, because the peer broke the protocol.</summary>
    public void AbortForFault(string reason)
    {
        Fault ??= reason;
        Abort(reason);
    }

    /// <summary>Ends the connection now.</summary>
    public void Abort(string reason)
    {
        transport.Abort(new ConnectionAbortedException(reason));
        drained.TrySetResult();
    }

    /// <summary>Waits until everything sent so far is on its way, and ends the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        CloseBehindOutput();
        await drained.Task.ConfigureAwait(false);
        await transport.DisposeAsync().ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        await drained.Task.ConfigureAwait(false);
        await transport.Transport.Output.CompleteAsync().ConfigureAwait(false);
        transport.Transport.Input.CancelPendingRead();
    }

    private void Write(MessageBatch batch)
    {
        PipeWriter output = transport.Transport.Output;
        ReadOnlyMemory<byte> token = batch.Seal();
        FrameWriter.WritePrelude(output, token.Length, batch.Frames);
        Write(output, token.Span);
        foreach (ReadOnlyMemory<byte> frame in batch.Frames)
        {
            Write(output, frame.Span);
        }
    }

    // With room for all of it at once; the framework's own Write asks for room little by little.
    private static void Write(PipeWriter output, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(output.GetSpan(bytes.Length));
        output.Advance(bytes.Length);
    }

    // The transport may have ended meanwhile; the reading side notices and tells everybody.
    private ValueTask<FlushResult> TryWrite(MessageBatch batch)
    {
        try
        {
            Write(batch);
            return transport.Transport.Output.FlushAsync();
        }
        catch (InvalidOperationException)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }
    }

    private bool TryEndWriting()
    {
        lock (gate)
        {
            if (waiting.Count > 0)
            {
                return false;
            }
            writing = false;
            if (closing)
            {
                drained.TrySetResult();
            }
            return true;
        }
    }

    private async Task WriteWaitingAsync(ValueTask<FlushResult> first)
    {
        try
        {
            await first.ConfigureAwait(false);
            while (!TryEndWriting())
            {
                Output next;
                lock (gate)
                {
                    next = waiting.Dequeue();
                    unsentBytes = Math.Max(0, unsentBytes - next.Batch.Bytes);
                }
                bool large = next.Batch.Bytes > DirectBytes;
                ValueTask<FlushResult> flush = default;
                if (large)
                {
                    await WriteLargeAsync(next.Batch).ConfigureAwait(false);
                }
                else
                {
                    Write(next.Batch);
                    flush = transport.Transport.Output.FlushAsync();
                }
                next.Owner?.Return(next.Batch);
                FlushResult result = await flush.ConfigureAwait(false);
                if (result.IsCompleted)
                {
                    Discard();
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The peer is gone; the reading side notices and tells everybody.
            Discard();
        }
    }

    private async Task WriteLargeAsync(MessageBatch batch)
    {
        PipeWriter output = transport.Transport.Output;
        ReadOnlyMemory<byte> token = batch.Seal();
        FrameWriter.WritePrelude(output, token.Length, batch.Frames);
        foreach (ReadOnlyMemory<byte> frame in batch.Frames.Prepend(token))
        {
            for (int offset = 0; offset < frame.Length; offset += DirectBytes)
            {
                int length = Math.Min(DirectBytes, frame.Length - offset);
                FlushResult result = await output.WriteAsync(frame.Slice(offset, length)).ConfigureAwait(false);
                if (result.IsCompleted)
                {
                    throw new IOException("the peer has closed the connection");
                }
            }
        }
        await output.FlushAsync().ConfigureAwait(false);
    }

    private void Discard()
    {
        lock (gate)
        {
            closing = true;
            while (waiting.TryDequeue(out Output output))
            {
                output.Owner?.Return(output.Batch);
            }
            writing = false;
        }
        drained.TrySetResult();
    }

    private readonly record struct Output(MessageBatch Batch, Outbox? Owner);
}
