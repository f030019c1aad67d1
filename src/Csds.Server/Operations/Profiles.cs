using Csds.Protocol;

namespace Csds.Server;

/// <summary>Where the workers spend their time (row R20): Dask's <c>get_profile</c>.</summary>
public sealed class Profiles(Reactor reactor, Broadcast broadcast, SchedulerPython python)
{
    /// <summary>Adds the operation to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("profile", ProfileAsync);
    }

    /// <summary>The profiles of workers; those that cannot tell are left out.</summary>
    /// <param name="workers">Addresses; null: all workers.</param>
    /// <param name="start">Seconds since 1970; null: from the beginning.</param>
    /// <param name="stop">Seconds since 1970; null: up to now.</param>
    /// <param name="key">Prefix of the tasks; null: all.</param>
    /// <param name="server">Of their event loops, not their tasks.</param>
    public async Task<IReadOnlyList<(string Worker, Opaque State)>> GetAsync(
        IReadOnlyList<Key>? workers, double? start, double? stop, Opaque? key, bool server)
    {
        string[] targets = await reactor.AskAsync((s, _) =>
            s.Workers.Sorted.Where(ws => workers is null || workers.Contains(Key.FromString(ws.Address)))
                .Select(ws => ws.Address).ToArray()).ConfigureAwait(false);
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(5);
        w.Field("op"u8, "profile"u8);
        WriteTime(ref w, "start"u8, start);
        WriteTime(ref w, "stop"u8, stop);
        w.Field("key"u8, key);
        w.Field("server"u8, server);
        w.End();
        IReadOnlyList<(string Worker, Opaque? Reply, IOException? Error)> replies =
            await broadcast.SendAsync([.. targets.Select(t => (t, t))], request.ToOpaque()).ConfigureAwait(false);
        return [.. replies.Where(r => r.Reply is not null && !PeerErrorException.IsError(r.Reply)).Select(r => (r.Worker, r.Reply!))];
    }

    private async Task ProfileAsync(RpcCall call)
    {
        var a = new Arguments(call);
        if (a.Bool("scheduler", otherwise: false))
        {
            await ProfileSchedulerAsync(call, a).ConfigureAwait(false);
            return;
        }
        IReadOnlyList<(string Worker, Opaque State)> states = await GetAsync(
            a.Keys("workers"), a.Number("start"), a.Number("stop"), a.Find("key"), a.Bool("server", otherwise: false))
            .ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        if (a.Bool("merge_workers", otherwise: true))
        {
            ProfileNode.Merge(states.Select(s => s.State)).Write(ref w);
        }
        else
        {
            w.Map(states.Count);
            foreach ((string worker, Opaque state) in states)
            {
                w.Text(worker);
                w.Value(state);
            }
        }
        w.End();
    }

    // Of the Python that runs users' code. While there is none it is empty, as with profiling turned off.
    private async Task ProfileSchedulerAsync(RpcCall call, Arguments a)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(3);
        w.Field("op"u8, "csds_profile"u8);
        WriteTime(ref w, "start"u8, a.Number("start"));
        WriteTime(ref w, "stop"u8, a.Number("stop"));
        w.End();
        Opaque? profile = await python.AskIfRunningAsync(request.ToOpaque()).ConfigureAwait(false);
        w = call.Reply.Single();
        if (profile is null)
        {
            ProfileNode.Create().Write(ref w);
        }
        else
        {
            w.Value(profile);
        }
        w.End();
    }

    private static void WriteTime(ref MessageWriter w, ReadOnlySpan<byte> name, double? seconds)
    {
        if (seconds is { } value)
        {
            w.Field(name, value);
        }
        else
        {
            w.FieldToken(name, Tokens.Nil);
        }
    }
}
