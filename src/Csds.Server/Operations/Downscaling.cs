using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Which workers can go (rows R40, S56): <c>workers_to_close</c>, for the RPC and for <c>retire_workers</c>.</summary>
public sealed class Downscaling(Reactor reactor, SchedulerPython python)
{
    /// <summary>The parameters.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["memory_ratio", "n", "key", "minimum", "target", "attribute"];

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("workers_to_close", FindAsync);
    }

    /// <summary>The parameters of <c>workers_to_close</c> as Python prints a dict; null if none is given.</summary>
    internal static string? Repr(Arguments arguments)
    {
        string[] given = [.. Names.Where(n => arguments.Find(n) is not null).Select(n => $"'{n}': {arguments.Key(n).Repr()}")];
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
        IReadOnlyDictionary<string, int>? groups = arguments.Find("groups") is { } known
            ? ReadGroups(known) : await AskPythonAsync(arguments.Find("key")).ConfigureAwait(false);
        Func<WorkerState, object?>? groupOf = groups is null ? null : ws => groups.TryGetValue(ws.Address, out int group) ? group : null;
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

    // The function of key= is user code, and so are plugins, which are there only if Python is. Answers which workers may
    // go, with the number of each one's group; null if nobody has a say in that.
    private async Task<IReadOnlyDictionary<string, int>?> AskPythonAsync(Opaque? key)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(2);
        w.Field("op"u8, "csds_may_go"u8);
        w.Field("key"u8, key);
        w.End();
        Opaque? answer = key is null
            ? await python.AskIfRunningAsync(request.ToOpaque()).ConfigureAwait(false)
            : await python.AskAsync(request.ToOpaque()).ConfigureAwait(false);
        if (answer is null)
        {
            return null;
        }
        if (PeerErrorException.IsError(answer))
        {
            throw new PeerErrorException(answer);
        }
        return ReadGroups(answer);
    }

    private static Dictionary<string, int> ReadGroups(Opaque answer)
    {
        var reader = new MessageReader(answer);
        var groups = new Dictionary<string, int>();
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            groups[reader.ReadString()] = reader.ReadInt32();
        }
        return groups;
    }

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
