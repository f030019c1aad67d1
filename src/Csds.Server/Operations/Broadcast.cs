using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Passes requests on to workers or nannies (rows R15, R16, R23, SR5).</summary>
public sealed class Broadcast(Reactor reactor, CommPool pool)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("broadcast", BroadcastAsync);
        table.Add("proxy", ProxyAsync);
        table.Add("worker_logs", WorkerLogsAsync);
    }

    /// <summary>
    /// Sends a request to many peers at once; the replies by the worker's address. A peer that fails has the error.
    /// </summary>
    public async Task<IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)>> SendAsync(
        IReadOnlyList<(string Worker, string Target)> targets, Opaque message)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return await Task.WhenAll(targets.Select(t => SendOneAsync(t.Worker, t.Target, message))).ConfigureAwait(false);
    }

    /// <summary>Workers by name, address and host, with the address to send to; all without any of these.</summary>
    public Task<(string Worker, string Target)[]> TargetsAsync(
        IReadOnlyList<Key>? workers, IReadOnlyList<string>? hosts, bool nanny) => reactor.AskAsync((s, _) =>
    {
        IEnumerable<WorkerState> selected = workers is null
            ? hosts is null ? s.Workers.Sorted : []
            : workers.Select(s.FindWorker).OfType<WorkerState>();
        if (hosts is not null)
        {
            selected = selected.Concat(hosts.SelectMany(h => s.Workers.OnHost(h)));
        }
        return selected.Distinct()
            .Where(ws => !nanny || ws.Registration.Nanny is not null)
            .Select(ws => (ws.Address, nanny ? ws.Registration.Nanny! : ws.Address)).ToArray();
    });

    private async Task BroadcastAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        string onError = arguments.Text("on_error") ?? "raise";
        bool nanny = arguments.Bool("nanny", otherwise: false);
        (string, string)[] targets = await TargetsAsync(arguments.Keys("workers"), arguments.Texts("hosts"), nanny).ConfigureAwait(false);
        Opaque message = WithSerializers(arguments.Get("msg"), arguments.Find("serializers"));
        await SendAsync(call.Reply, targets, message, onError).ConfigureAwait(false);
    }

    /// <summary>Sends a request to many peers at once and writes the answer of <c>broadcast</c>.</summary>
    /// <param name="answer">Where the replies go, by the worker's address.</param>
    /// <param name="targets">Workers, and the address to send to for each.</param>
    /// <param name="message">The request.</param>
    /// <param name="onError">What becomes of a peer that cannot be asked: raise, return, return_pickle or ignore.</param>
    internal async Task SendAsync(
        MessageBatch answer, IReadOnlyList<(string Worker, string Target)> targets, Opaque message, string onError)
    {
        (string Worker, Opaque? Reply, Exception? Failure)[] answers =
        [
            .. (await SendAsync(targets, message).ConfigureAwait(false)).Select(r => (r.Worker, r.Reply, FailureOf(r.Reply, r.Error))),
        ];
        if (answers.Any(a => a.Failure is not null))
        {
            switch (onError)
            {
                case "raise":
                    // Who cannot be reached comes before who answers with an error.
                    throw answers.Select(a => a.Failure).OfType<DaskException>().FirstOrDefault()
                        ?? answers.Select(a => a.Failure).OfType<Exception>().First();
                case "ignore":
                    answers = [.. answers.Where(a => a.Failure is null)];
                    break;
                case not ("return" or "return_pickle"):
                    throw DaskException.ValueError(
                        $"on_error must be 'raise', 'return', 'return_pickle', or 'ignore'; got {Key.FromString(onError).Repr()}");
            }
        }
        Write(answer, answers, onError);
    }

    // What Dask raises for a peer that cannot be reached, or answers with an error; null for any other answer.
    private static Exception? FailureOf(Opaque? reply, IOException? error) =>
        error is not null ? DaskException.OfComm(error) : PeerErrorException.IsError(reply!) ? new PeerErrorException(reply!) : null;

    private static void Write(
        MessageBatch reply, (string Worker, Opaque? Reply, Exception? Failure)[] answers, string onError)
    {
        MessageWriter w = reply.Single();
        w.Map(answers.Length);
        foreach ((string worker, Opaque? value, Exception? failure) in answers)
        {
            w.Text(worker);
            if (failure is null)
            {
                w.Value(value);
                continue;
            }
            byte[] pickle = failure is PeerErrorException peer ? peer.Pickle() : DaskException.From(failure).Pickle();
            if (onError == "return_pickle")
            {
                w.Bytes(pickle);
            }
            else
            {
                w.Value(Pickled.Value(pickle));
            }
        }
        w.End();
    }

    private async Task ProxyAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        string worker = arguments.Text("worker") ?? "";
        Opaque message = WithSerializers(arguments.Get("msg"), arguments.Find("serializers"));
        (_, Opaque? reply, IOException? error) = await SendOneAsync(worker, worker, message).ConfigureAwait(false);
        if (FailureOf(reply, error) is { } failure)
        {
            throw failure;
        }
        MessageWriter w = call.Reply.Single();
        w.Value(reply);
        w.End();
    }

    private async Task WorkerLogsAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        bool nanny = arguments.Bool("nanny", otherwise: false);
        (string, string)[] targets = await TargetsAsync(arguments.Keys("workers"), null, nanny).ConfigureAwait(false);
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "get_logs"u8);
        w.Field("n"u8, arguments.Find("n"));
        w.End();
        IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)> replies =
            await SendAsync(targets, request.ToOpaque()).ConfigureAwait(false);
        Write(call.Reply, [.. replies.Where(r => r.Error is null).Select(r => (r.Worker, r.Reply, FailureOf(r.Reply, null)))], "raise");
    }

    private async Task<(string Worker, Opaque? Reply, IOException? Error)> SendOneAsync(string worker, string target, Opaque message)
    {
        try
        {
            var request = new MessageBatch();
            MessageWriter w = request.Single();
            w.Value(message);
            w.End();
            using FrameGroup reply = await pool.CallAsync(target, request).ConfigureAwait(false);
            var reader = new MessageReader(reply);
            return (worker, reader.ReadOpaque(), null);
        }
        catch (IOException error)
        {
            return (worker, null, error);
        }
    }

    // Clients with serializers of their own expect replies in these (row W22).
    private static Opaque WithSerializers(Opaque message, Opaque? serializers)
    {
        if (serializers is null)
        {
            return message;
        }
        var reader = new MessageReader(message);
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        int entries = reader.ReadMapHeader();
        w.Map(entries + 1);
        for (int i = 0; i < entries; i++)
        {
            w.Token(reader.ReadToken());
            w.Value(reader.ReadOpaque());
        }
        w.Field("serializers"u8, serializers);
        w.End();
        return batch.ToOpaque();
    }
}
