using System.Collections.Concurrent;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Brings requests that the core serves itself to it, and its answers back, whenever these come. Who waits holds no
/// thread, and withdraws when its connection ends.
/// </summary>
public sealed class CoreRequests(Reactor reactor)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Reply>> waiting = new();
    private long numbers;

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        reactor.ReplyHandler = Complete;
        foreach (string op in Requests.Ops)
        {
            table.Add(op, ServeAsync);
        }
    }

    private async Task ServeAsync(RpcCall call)
    {
        long number = Interlocked.Increment(ref numbers);
        var answered = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[number] = answered;
        try
        {
            await reactor.TellAsync((s, now) =>
            {
                MessageReader reader = call.Read();
                s.Ask(number, call.Op, ref reader, now);
            }).ConfigureAwait(false);
        }
        catch
        {
            waiting.TryRemove(number, out _);
            throw;
        }
        using (call.Comm.Closed.Register(() => Withdraw(number)))
        {
            Write(call, await answered.Task.ConfigureAwait(false));
        }
    }

    private void Complete(Reply reply)
    {
        if (waiting.TryRemove(reply.Request, out TaskCompletionSource<Reply>? answered))
        {
            answered.TrySetResult(reply);
        }
    }

    private void Withdraw(long number)
    {
        if (waiting.TryRemove(number, out TaskCompletionSource<Reply>? answered))
        {
            _ = reactor.TellAsync((s, now) => s.Withdraw(number, now));
            answered.TrySetException(new IOException("the peer has gone while its request waited"));
        }
    }

    private static void Write(RpcCall call, Reply reply)
    {
        if (reply is Refusal { Error: { } error })
        {
            throw new DaskException(error.Module, error.Name, error.Message);
        }
        MessageWriter w = call.Reply.Single();
        w.Value(((Answer)reply).Value);
        w.End();
    }
}
