using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Csds.Server;

/// <summary>A transport connection with TLS over it, accepted or made.</summary>
internal sealed class TlsConnection : ConnectionContext
{
    /// <summary>As large as the records of TLS are.</summary>
    private const int BufferBytes = 16 * 1024;

    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly ConnectionContext inner;
    private readonly SslStream stream;

    private TlsConnection(ConnectionContext inner, SslStream stream)
    {
        this.inner = inner;
        this.stream = stream;
        Transport = new Pipes(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true)));
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override string ConnectionId { get => inner.ConnectionId; set => inner.ConnectionId = value; }

    /// <inheritdoc/>
    public override IFeatureCollection Features => inner.Features;

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => inner.Items; set => inner.Items = value; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get => inner.RemoteEndPoint; set => inner.RemoteEndPoint = value; }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed { get => inner.ConnectionClosed; set => inner.ConnectionClosed = value; }

    /// <summary>Shakes hands as the side that was called.</summary>
    /// <exception cref="AuthenticationException">The peer does not speak TLS, or is not trusted.</exception>
    internal static Task<TlsConnection> AcceptAsync(ConnectionContext inner, TlsContext tls, CancellationToken cancel) =>
        ShakeHandsAsync(inner, (stream, rejected) => stream.AuthenticateAsServerAsync(tls.ForServer(rejected), cancel));

    /// <summary>Shakes hands as the side that calls.</summary>
    /// <exception cref="AuthenticationException">The peer does not speak TLS, or is not trusted.</exception>
    internal static Task<TlsConnection> ConnectAsync(ConnectionContext inner, TlsContext tls, string host, CancellationToken cancel) =>
        ShakeHandsAsync(inner, (stream, rejected) => stream.AuthenticateAsClientAsync(tls.ForClient(host, rejected), cancel));

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!inner.ConnectionClosed.IsCancellationRequested)
        {
            try
            {
                await stream.ShutdownAsync().WaitAsync(grace).ConfigureAwait(false);
            }
            catch (Exception error) when (error is IOException or InvalidOperationException or TimeoutException)
            {
                // The peer is gone, or does not listen: it needs no farewell.
            }
        }
        await stream.DisposeAsync().ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<TlsConnection> ShakeHandsAsync(ConnectionContext inner, Func<SslStream, Action<string>, Task> authenticate)
    {
        string? reason = null;
        var stream = new SslStream(new DuplexPipeStream(inner.Transport), leaveInnerStreamOpen: false);
        try
        {
            await authenticate(stream, r => reason = r).ConfigureAwait(false);
            return new TlsConnection(inner, stream);
        }
        catch (Exception error)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (error is AuthenticationException or IOException)
            {
                throw new AuthenticationException(reason ?? (error.InnerException ?? error).Message, error);
            }
            throw;
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
