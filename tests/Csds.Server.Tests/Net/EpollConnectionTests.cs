using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Csds.Epoll;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests.Net;

/// <summary>The transport for comms, against plain sockets.</summary>
public sealed class EpollConnectionTests : IAsyncDisposable
{
    private readonly Poller poller = new();
    private readonly Thread thread;
    private readonly Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly EpollConnection connection;
    private volatile bool over;

    /// <summary>Connects the two.</summary>
    public EpollConnectionTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        peer.Connect(listener.LocalEndPoint!);
        connection = new EpollConnection(listener.Accept(), poller, NullLogger.Instance);
        thread = new Thread(() =>
        {
            while (!over)
            {
                poller.Wait(10);
            }
        });
        thread.Start();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PipeReader Input => connection.Transport.Input;

    private PipeWriter Output => connection.Transport.Output;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Who has waited for input is on the epoll thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await connection.DisposeAsync();
        over = true;
        thread.Join();
        poller.Dispose();
        peer.Dispose();
    }

    /// <summary>Whatever pieces bytes come in, and however much of what is there is used, all of them arrive in order.</summary>
    [Fact]
    public async Task What_is_sent_arrives()
    {
        byte[] sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        Task sending = Task.Run(() => SendInPieces(sent), Cancel);
        var received = new MemoryStream();
        var random = new Random(2);
        while (received.Length < sent.Length)
        {
            ReadResult result = await Input.ReadAsync(Cancel);
            Assert.False(result.IsCompleted);
            // Sometimes all of it, sometimes a part, sometimes nothing until there is more.
            long take = random.Next(3) switch { 0 => result.Buffer.Length, 1 => random.NextInt64(result.Buffer.Length + 1), _ => 0 };
            ReadOnlySequence<byte> taken = result.Buffer.Slice(0, take);
            received.Write(taken.ToArray());
            bool last = received.Length + result.Buffer.Length - take == sent.Length;
            Input.AdvanceTo(taken.End, take > 0 || last ? taken.End : result.Buffer.End);
        }
        await sending;
        Assert.Equal(sent, received.ToArray());
    }

    /// <summary>What the peer does not take at once is sent when it does.</summary>
    [Fact]
    public async Task A_slow_peer_gets_everything()
    {
        byte[] sent = new byte[20_000_000];
        new Random(1).NextBytes(sent);
        ValueTask<FlushResult> flush = Output.WriteAsync(sent, Cancel);
        Assert.False(flush.IsCompleted);
        byte[] received = await Task.Run(() => ReceiveAll(sent.Length), Cancel);
        Assert.False((await flush).IsCompleted);
        Assert.Equal(sent, received);
        await Output.WriteAsync(new byte[] { 1, 2 }, Cancel);
        Assert.Equal([1, 2], ReceiveAll(2));
    }

    /// <summary>The peer's end is told behind its last bytes, and to whoever does not read at all.</summary>
    [Fact]
    public async Task The_end()
    {
        peer.Send([1, 2, 3]);
        peer.Shutdown(SocketShutdown.Send);
        await Task.Delay(Timeout.Infinite, connection.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
        ReadResult result = await Input.ReadAsync(Cancel);
        Assert.Equal([1, 2, 3], result.Buffer.ToArray());
        Input.AdvanceTo(result.Buffer.End);
        result = await Input.ReadAsync(Cancel);
        Assert.True(result.IsCompleted && result.Buffer.IsEmpty);
        // It can still be written to.
        await Output.WriteAsync(new byte[] { 4 }, Cancel);
        Assert.Equal([4], ReceiveAll(1));
        await Output.CompleteAsync();
        Assert.Equal(0, peer.Receive(new byte[1]));
    }

    /// <summary>A connection that breaks is a failure for who reads, and nothing for who writes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broken_connection(bool waiting)
    {
        ValueTask<ReadResult> early = waiting ? Input.ReadAsync(Cancel) : default;
        peer.LingerState = new LingerOption(true, 0);
        peer.Close();
        await Task.Delay(Timeout.Infinite, connection.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
        await Assert.ThrowsAsync<ConnectionResetException>(async () => _ = waiting ? await early : await Input.ReadAsync(Cancel));
        Assert.True((await Output.WriteAsync(new byte[] { 1 }, Cancel)).IsCompleted);
    }

    /// <summary>Who gives up waiting loses nothing.</summary>
    [Fact]
    public async Task Cancellation()
    {
        using var giveUp = new CancellationTokenSource();
        ValueTask<ReadResult> first = Input.ReadAsync(giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await first);
        ValueTask<ReadResult> second = Input.ReadAsync(Cancel);
        Input.CancelPendingRead();
        Assert.True((await second).IsCanceled);
        peer.Send([1]);
        ReadResult result = await Input.ReadAsync(Cancel);
        Assert.False(result.IsCanceled);
        Assert.Equal([1], result.Buffer.ToArray());
    }

    /// <summary>Ended on this side: who waits gets to know why, and the peer sees the end.</summary>
    [Fact]
    public async Task Abort()
    {
        ValueTask<ReadResult> read = Input.ReadAsync(Cancel);
        ValueTask<FlushResult> flush = Output.WriteAsync(new byte[20_000_000], Cancel);
        connection.Abort(new ConnectionAbortedException("enough"));
        Assert.Equal("enough", (await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await read)).Message);
        Assert.True((await flush).IsCompleted);
        await Task.Delay(Timeout.Infinite, connection.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.True((await Output.WriteAsync(new byte[] { 1 }, Cancel)).IsCompleted);
        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await Input.ReadAsync(Cancel));
    }

    private void SendInPieces(byte[] bytes)
    {
        var random = new Random(3);
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(1, 200_000));
            peer.Send(bytes.AsSpan(at, length));
            at += length;
        }
    }

    private byte[] ReceiveAll(int length)
    {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length;)
        {
            int count = peer.Receive(bytes.AsSpan(at));
            Assert.NotEqual(0, count);
            at += count;
        }
        return bytes;
    }
}
