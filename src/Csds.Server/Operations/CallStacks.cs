using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What the workers' threads are doing (rows R19, SR4): Dask's <c>get_call_stack</c>.</summary>
public sealed class CallStacks(Reactor reactor, CommPool pool)
{
    /// <summary>Adds the operation to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("call_stack", CallStackAsync);
    }

    /// <summary>The stacks of some tasks, or of all, by worker; workers without any are left out.</summary>
    /// <param name="keys">The tasks, or tasks that wait for those; null: all.</param>
    public async Task<IReadOnlyList<(string Worker, Opaque Stacks)>> GetAsync(IReadOnlyList<Key>? keys)
    {
        Dictionary<string, List<Key>?> workers = await reactor.AskAsync((s, _) => Targets(s, keys)).ConfigureAwait(false);
        Opaque[] replies = await Task.WhenAll(workers.Select(w => AskAsync(w.Key, w.Value))).ConfigureAwait(false);
        return [.. workers.Keys.Zip(replies).Where(r => new MessageReader(r.Second).ReadMapHeader() > 0)];
    }

    private async Task CallStackAsync(RpcCall call)
    {
        IReadOnlyList<(string Worker, Opaque Stacks)> stacks =
            await GetAsync(new Arguments(call).Keys("keys")).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.Map(stacks.Count);
        foreach ((string worker, Opaque found) in stacks)
        {
            w.Text(worker);
            w.Value(found);
        }
        w.End();
    }

    private static Dictionary<string, List<Key>?> Targets(SchedulerState s, IReadOnlyList<Key>? keys)
    {
        var targets = new Dictionary<string, List<Key>?>();
        if (keys is null)
        {
            foreach (WorkerState ws in s.Workers.Sorted)
            {
                targets[ws.Address] = null;
            }
            return targets;
        }
        var seen = new HashSet<TaskState>();
        var stack = new Stack<TaskState>(keys.Select(k => s.Tasks.Find(k) ?? throw DaskException.KeyError(k.ToString())));
        while (stack.TryPop(out TaskState? ts))
        {
            if (!seen.Add(ts))
            {
                continue;
            }
            if (ts.State == TaskStateName.Waiting)
            {
                foreach (TaskState dts in ts.Dependencies)
                {
                    stack.Push(dts);
                }
            }
            else if (ts.ProcessingOn is { } ws)
            {
                (targets.TryGetValue(ws.Address, out List<Key>? known) ? known! : targets[ws.Address] = []).Add(ts.Key);
            }
        }
        return targets;
    }

    private async Task<Opaque> AskAsync(string worker, List<Key>? keys)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "call_stack"u8);
        w.Text("keys"u8);
        if (keys is null)
        {
            w.Nil();
        }
        else
        {
            w.List(keys.Count);
            foreach (Key key in keys)
            {
                w.Key(key);
            }
        }
        w.End();
        try
        {
            using FrameGroup reply = await pool.CallAsync(worker, request).ConfigureAwait(false);
            var reader = new MessageReader(reply);
            return reader.ReadOpaque();
        }
        catch (IOException error)
        {
            throw new DaskException("distributed.comm.core", "CommClosedError", error.Message);
        }
    }
}
