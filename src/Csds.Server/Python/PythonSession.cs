using System.Collections.Concurrent;
using System.Threading.Channels;
using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// A conversation with a helper in the role of the scheduler's Python: any number of requests at once, and requests of
/// its own, which are served like those of a connection. It ends with its process.
/// </summary>
internal sealed class PythonSession
{
    private const string Doing = "running user code";

    private readonly HelperProcess process;
    private readonly RpcTable calls;
    private readonly Channel<Outgoing> output = Channel.CreateBounded<Outgoing>(
        new BoundedChannelOptions(256) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ConcurrentDictionary<long, Pending> pending = new();
    private readonly Connection server;
    private readonly Connection python;
    private long numbers;

    private PythonSession(HelperProcess process, RpcTable calls)
    {
        this.process = process;
        this.calls = calls;
        (server, python) = InMemoryComm.Pair();
    }

    /// <summary>The end of the comm that Python's calls come from, and that reports go to.</summary>
    internal Connection Comm => server;

    /// <summary>Completes when the process is gone, with the reason.</summary>
    internal Task<string> Ended { get; private set; } = Task.FromResult("");

    /// <summary>Puts a helper into the role.</summary>
    /// <param name="process">A helper that is configured and idle.</param>
    /// <param name="start">What it is told: a msgpack map, see docs/helper-protocol.md.</param>
    /// <param name="calls">What it may ask for.</param>
    /// <param name="timeout">How long it may take, preloads' imports included.</param>
    /// <param name="environment">Takes what other helpers need to import the same.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="HelperException">It failed; the message says how.</exception>
    internal static async Task<PythonSession> StartAsync(
        HelperProcess process, ReadOnlyMemory<byte> start, RpcTable calls, TimeSpan timeout,
        Action<ReadOnlyMemory<byte>> environment, CancellationToken cancel)
    {
        var request = new HelperRequest("serve", "starting the scheduler's Python", timeout, start);
        await process.AskAsync(request, Started, cancel).ConfigureAwait(false);
        var session = new PythonSession(process, calls);
        session.Ended = session.ReadAsync();
        _ = session.WriteAsync();
        _ = session.ReportAsync();
        return session;

        bool Started(HelperAnswer answer)
        {
            if (answer.Op != "serving")
            {
                throw new HelperException(HelperFailure.Text(answer));
            }
            environment(answer.Header.ReadTokenMemory().ToArray());
            return true;
        }
    }

    /// <summary>Asks for something; answers the reply of Dask's handler.</summary>
    /// <param name="message">The request, as a client would send it.</param>
    /// <param name="push">Takes what the handler sends before its reply.</param>
    /// <param name="gone">Signalled when nobody waits any more.</param>
    /// <exception cref="HelperLostException">The process ended.</exception>
    internal async Task<Opaque> AskAsync(Opaque message, Action<Opaque>? push, CancellationToken gone)
    {
        long number = Interlocked.Increment(ref numbers);
        var waiting = new Pending(push);
        pending[number] = waiting;
        try
        {
            await SendAsync(number, "request", [message.Token, .. message.Frames]).ConfigureAwait(false);
            Task ended = await Task.WhenAny(waiting.Reply, Ended).WaitAsync(gone).ConfigureAwait(false);
            return ended == Ended && !waiting.Reply.IsCompleted
                ? throw new HelperLostException(await Ended.ConfigureAwait(false), untouched: false)
                : await waiting.Reply.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await SendAsync(number, "comm-closed", []).ConfigureAwait(false);
            throw;
        }
        finally
        {
            pending.TryRemove(number, out _);
        }
    }

    private async Task<string> ReadAsync()
    {
        try
        {
            while (true)
            {
                using FrameGroup message = await process.ReceiveAsync(Doing).ConfigureAwait(false);
                Take(new HelperAnswer(message));
            }
        }
        catch (Exception error) when (error is HelperLostException || MessageReader.IsProtocolError(error))
        {
            process.Stop(error.Message);
            server.Abort(error.Message);
            python.Abort(error.Message);
            return error.Message;
        }
    }

    private void Take(HelperAnswer answer)
    {
        Opaque value = answer.Value(1, answer.FrameCount);
        if (answer.Op == "call")
        {
            _ = ServeAsync(answer.Request, value);
        }
        else if (pending.TryGetValue(answer.Request, out Pending? waiting))
        {
            waiting.Take(answer.Op, value);
        }
    }

    // A request of user code's: nobody may do more than a connection may.
    private async Task ServeAsync(long number, Opaque message)
    {
        var call = new RpcCall(server, new FrameGroup([message.Token, .. message.Frames]));
        try
        {
            await calls.DispatchAsync(call).ConfigureAwait(false);
            if (call.Takeover is not null)
            {
                throw new DaskException("builtins", "NotImplementedError", $"csds does not offer {call.Op} to Python code");
            }
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error) || error is IOException or DaskException)
        {
            call.Reply.Clear();
            DaskException.From(error).Write(call.Reply);
        }
        await SendAsync(number, "answer", [call.Reply.Seal(), .. call.Reply.Frames]).ConfigureAwait(false);
    }

    // What the core reports to plugins.
    private async Task ReportAsync()
    {
        try
        {
            while (await python.ReadAsync().ConfigureAwait(false) is { } frames)
            {
                using (frames)
                {
                    ReadOnlyMemory<byte>[] body = [.. Enumerable.Range(0, frames.Count).Select(i => frames[i])];
                    await SendAsync(0, "events", body).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // The session is over.
        }
    }

    private async Task SendAsync(long number, string op, IReadOnlyList<ReadOnlyMemory<byte>> body)
    {
        var header = new FrameBuffer();
        var writer = new MessagePackWriter(header);
        writer.WriteMapHeader(2);
        writer.Write("id");
        writer.Write(number);
        writer.Write("op");
        writer.Write(op);
        writer.Flush();
        var message = new Outgoing(header.WrittenMemory, body);
        await output.Writer.WriteAsync(message).ConfigureAwait(false);
        await message.Sent.Task.ConfigureAwait(false);
    }

    // One message after the other. A process that ends is noticed by whoever reads from it.
    private async Task WriteAsync()
    {
        await foreach (Outgoing message in output.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await process.SendAsync(message.Header, message.Body, Doing).ConfigureAwait(false);
            }
            catch (HelperLostException)
            {
            }
            message.Sent.SetResult();
        }
    }

    private sealed record Outgoing(ReadOnlyMemory<byte> Header, IReadOnlyList<ReadOnlyMemory<byte>> Body)
    {
        internal TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Pending(Action<Opaque>? push)
    {
        private readonly TaskCompletionSource<Opaque> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<Opaque> Reply => reply.Task;

        internal void Take(string op, Opaque value)
        {
            if (op == "push")
            {
                push?.Invoke(value);
            }
            else
            {
                reply.TrySetResult(value);
            }
        }
    }
}
