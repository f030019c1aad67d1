using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Csds.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Csds.Server;

/// <summary>
/// A websocket as a transport connection (row W7). On it, a message is the number of its frames and then each frame as
/// a message of its own; this translates from and to the framing that all other transports have.
/// </summary>
internal sealed class WebSocketConnection : ConnectionContext
{
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly WebSocket socket;
    private readonly FrameLimits limits;
    private readonly Pipe received = new();
    private readonly Pipe sent = new();
    private readonly CancellationTokenSource over = new();
    private readonly Task pumps;

    internal WebSocketConnection(WebSocket socket, EndPoint? remote, FrameLimits limits)
    {
        this.socket = socket;
        this.limits = limits;
        RemoteEndPoint = remote;
        ConnectionClosed = over.Token;
        Transport = new Pipes(received.Reader, sent.Writer);
        pumps = Task.WhenAll(ReceiveAllAsync(), SendAllAsync());
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        socket.Abort();
        over.Cancel();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await sent.Writer.CompleteAsync().ConfigureAwait(false);
        over.CancelAfter(grace);
        await received.Reader.CompleteAsync().ConfigureAwait(false);
        await pumps.ConfigureAwait(false);
        socket.Dispose();
        over.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAllAsync()
    {
        Exception? fault = null;
        try
        {
            while (await ReceiveAsync(sizeof(ulong)).ConfigureAwait(false) is { } count)
            {
                await ReceiveMessageAsync(count).ConfigureAwait(false);
                if ((await received.Writer.FlushAsync(over.Token).ConfigureAwait(false)).IsCompleted)
                {
                    break;
                }
            }
        }
        catch (ProtocolException error)
        {
            fault = error;
        }
        catch (Exception error) when (IsGone(error))
        {
            fault = new IOException(error.Message, error);
        }
        await received.Writer.CompleteAsync(fault).ConfigureAwait(false);
    }

    private async Task ReceiveMessageAsync(ReadOnlyMemory<byte> count)
    {
        if (count.Length != sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(count.Span) is not (> 0 and var frames)
            || frames > (ulong)limits.MaxFrames)
        {
            throw new ProtocolException("a message on a websocket does not begin with the number of its frames");
        }
        long bytes = 0;
        var message = new List<ReadOnlyMemory<byte>>();
        while ((ulong)message.Count < frames)
        {
            ReadOnlyMemory<byte> frame = await ReceiveAsync(limits.MaxBytes - bytes).ConfigureAwait(false)
                ?? throw new ProtocolException("the websocket ended in the middle of a message");
            bytes += frame.Length;
            message.Add(frame);
        }
        FrameWriter.Write(received.Writer, message[0], message.GetRange(1, message.Count - 1));
    }

    // One message of the websocket; null when the peer has closed it.
    private async Task<ReadOnlyMemory<byte>?> ReceiveAsync(long limit)
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            ValueWebSocketReceiveResult result =
                await socket.ReceiveAsync(bytes.GetMemory(4096), over.Token).ConfigureAwait(false);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }
            bytes.Advance(result.Count);
            if (bytes.WrittenCount > limit)
            {
                throw new ProtocolException($"a message on a websocket is longer than {limits.MaxBytes} bytes");
            }
            if (result.EndOfMessage)
            {
                return bytes.WrittenMemory;
            }
        }
    }

    private async Task SendAllAsync()
    {
        var frames = new FrameReader();
        try
        {
            while (true)
            {
                ReadResult result = await sent.Reader.ReadAsync(over.Token).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (frames.TryRead(ref buffer, out FrameGroup? message))
                {
                    using (message)
                    {
                        await SendAsync(message).ConfigureAwait(false);
                    }
                }
                sent.Reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, over.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (IsGone(error))
        {
            // The receiving side tells everybody.
        }
        frames.Abandon();
        await sent.Reader.CompleteAsync().ConfigureAwait(false);
    }

    private async Task SendAsync(FrameGroup message)
    {
        byte[] count = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(count, (ulong)message.Count);
        await socket.SendAsync(count, WebSocketMessageType.Binary, endOfMessage: true, over.Token).ConfigureAwait(false);
        for (int i = 0; i < message.Count; i++)
        {
            await socket.SendAsync(message[i], WebSocketMessageType.Binary, endOfMessage: true, over.Token).ConfigureAwait(false);
        }
    }

    private static bool IsGone(Exception error) =>
        error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
