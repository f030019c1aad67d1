using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// What the scheduler's Python may ask for besides the requests that everybody may send: the state, in one piece, and
/// what user code has set up there. No connection can ask for these.
/// </summary>
public sealed class PythonCalls(
    Reactor reactor, StreamDirectory streams, SchedulerPython python, UserCode userCode, RpcTable everybody)
{
    /// <summary>Makes the table: everybody's requests and Python's own.</summary>
    public RpcTable Build(ServerSettings settings, ILogger log)
    {
        var table = new RpcTable(settings with { BlockedHandlers = new HashSet<string>() }, log);
        table.AddAll(everybody);
        table.Add("csds_scheduler", call => Ask(call, SchedulerView.Write));
        table.Add("csds_workers", call => Ask(call, WorkerView.Write));
        table.Add("csds_clients", call => Ask(call, SchedulerView.WriteClients));
        table.Add("csds_computations", call => Ask(call, SchedulerView.WriteComputations));
        table.Add("csds_task_keys", call => Ask(call, TaskView.WriteKeys));
        table.Add("csds_tasks", TasksAsync);
        table.Add("csds_report", ReportAsync);
        table.Add("csds_share", ShareAsync);
        table.Add("csds_handle", HandleAsync);
        return table;
    }

    private delegate void Fill(ref MessageWriter w, SchedulerState s);

    private Task Ask(RpcCall call, Fill fill) => reactor.TellAsync((s, _) =>
    {
        MessageWriter w = call.Reply.Single();
        fill(ref w, s);
        w.End();
    });

    private Task TasksAsync(RpcCall call)
    {
        IReadOnlyList<Key> keys = new Arguments(call).Keys("keys") ?? [];
        return Ask(call, (ref MessageWriter w, SchedulerState s) => TaskView.Write(ref w, s, keys));
    }

    // Reports begin before the answer, so that a plugin misses nothing of what comes after it was added.
    private Task ReportAsync(RpcCall call)
    {
        IReadOnlyList<string> names = new Arguments(call).Texts("hooks") ?? [];
        PluginHooks hooks = names.Aggregate(PluginHooks.None, (all, name) => all | PluginReports.Parse(name));
        streams.Add(call.Comm);
        return reactor.TellAsync((s, _) => s.ReportToPlugins(call.Comm.Number, hooks));
    }

    private Task ShareAsync(RpcCall call)
    {
        python.EnvironmentHandler(call.ToOpaque().Token);
        return Task.CompletedTask;
    }

    private Task HandleAsync(RpcCall call)
    {
        foreach (string op in new Arguments(call).Texts("handlers") ?? [])
        {
            everybody.Replace(op, userCode.ForwardAsync);
        }
        return Task.CompletedTask;
    }
}
