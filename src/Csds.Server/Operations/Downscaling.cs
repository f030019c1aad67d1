using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Which workers can go (rows R40, S56): <c>workers_to_close</c>, for the RPC and for <c>retire_workers</c>.</summary>
public sealed class Downscaling(Reactor reactor)
{
    private static readonly string[] names = ["memory_ratio", "n", "key", "minimum", "target", "attribute"];

    /// <summary>
    /// Groups workers by the values of a pickled function of theirs, for <c>key=</c>: user code, which only the helper may
    /// run. Answers a group's value by the worker's address.
    /// </summary>
    public Func<byte[], Task<IReadOnlyDictionary<string, Key>>>? GroupByFunction { get; set; }

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("workers_to_close", FindAsync);
    }

    /// <summary>The parameters of <c>workers_to_close</c> as Python prints a dict; null if none is given.</summary>
    internal static string? Repr(Arguments arguments)
    {
        string[] given = [.. names.Where(n => arguments.Find(n) is not null).Select(n => $"'{n}': {arguments.Key(n).Repr()}")];
        return given.Length == 0 ? null : "{" + string.Join(", ", given) + "}";
    }

    /// <summary>The workers, those that cost least first.</summary>
    internal async Task<IReadOnlyList<WorkerState>> FindAsync(Arguments arguments)
    {
        var request = new DownscalingRequest
        {
            MemoryRatio = arguments.Number("memory_ratio"),
            N = arguments.Int("n"),
            Minimum = arguments.Int("minimum"),
            Target = arguments.Int("target"),
        };
        Func<WorkerState, object>? groupOf = null;
        if (arguments.Find("key") is { } function)
        {
            IReadOnlyDictionary<string, Key> groups = await GroupAsync(function).ConfigureAwait(false);
            // A worker that came meanwhile stands for itself.
            groupOf = ws => groups.TryGetValue(ws.Address, out Key group) ? group : ws;
        }
        return await reactor.AskAsync((s, _) => s.FindWorkersToClose(request, groupOf)).ConfigureAwait(false);
    }

    private async Task FindAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<WorkerState> workers = await FindAsync(arguments).ConfigureAwait(false);
        string attribute = arguments.Text("attribute") ?? "address";
        await reactor.TellAsync((_, _) =>
        {
            MessageWriter w = call.Reply.Single();
            w.List(workers.Count);
            foreach (WorkerState ws in workers)
            {
                WriteAttribute(ref w, ws, attribute);
            }
            w.End();
        }).ConfigureAwait(false);
    }

    private Task<IReadOnlyDictionary<string, Key>> GroupAsync(Opaque function) => GroupByFunction is { } group
        ? group(new MessageReader(function).ReadBytes().ToArray())
        : throw new DaskException(
            "builtins", "NotImplementedError", "workers_to_close(key=...): this scheduler cannot run Python functions");

    private static void WriteAttribute(ref MessageWriter w, WorkerState ws, string attribute)
    {
        switch (attribute)
        {
            case "address": w.Token(ws.AddressToken); break;
            case "name": w.Key(ws.Name); break;
            case "host": w.Text(ws.Host); break;
            case "nanny": w.Text(ws.Registration.Nanny); break;
            case "server_id": w.Text(ws.Registration.ServerId); break;
            case "local_directory": w.Text(ws.Registration.LocalDirectory); break;
            case "pid": w.Int(ws.Registration.Pid); break;
            case "nthreads": w.Int(ws.NThreads); break;
            case "memory_limit": w.Int(ws.MemoryLimit); break;
            case "nbytes": w.Int(ws.NBytes); break;
            default:
                throw new DaskException(
                    "builtins", "AttributeError", string.Create(CultureInfo.InvariantCulture, $"'WorkerState' object has no attribute '{attribute}'"));
        }
    }
}
