using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// Has workers measure their disks, memory and network (row R48): Dask's <c>benchmark_hardware</c>. Answers mean bytes per
/// second by size.
/// </summary>
public sealed class HardwareBenchmark(Reactor reactor, Broadcast broadcast)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("benchmark_hardware", MeasureAsync);
    }

    private async Task MeasureAsync(RpcCall call)
    {
        (string Worker, string Target)[] all = await broadcast.TargetsAsync(null, null, nanny: false).ConfigureAwait(false);
        var results = new List<(string Name, IEnumerable<(string Size, double Bandwidth)> Values)>
        {
            ("disk", await AskAsync(all, "benchmark_disk").ConfigureAwait(false)),
            ("memory", await AskAsync(all, "benchmark_memory").ConfigureAwait(false)),
            ("network", await NetworkAsync(all).ConfigureAwait(false)),
        };
        MessageWriter w = call.Reply.Single();
        w.Map(results.Count);
        foreach ((string name, IEnumerable<(string Size, double Bandwidth)> values) in results)
        {
            var sizes = values.GroupBy(v => v.Size).ToArray();
            w.Text(name);
            w.Map(sizes.Length);
            foreach (IGrouping<string, (string Size, double Bandwidth)> size in sizes)
            {
                w.Text(size.Key);
                w.Float(size.Average(v => v.Bandwidth));
            }
        }
        w.End();
    }

    // In random pairs: workers that registered one after the other are likely to share a host.
    private async Task<IEnumerable<(string Size, double Bandwidth)>> NetworkAsync((string Worker, string Target)[] all)
    {
        await reactor.TellAsync((s, _) => s.Shuffle(all)).ConfigureAwait(false);
        IEnumerable<(string Size, double Bandwidth)>[] results = await Task.WhenAll(all.Chunk(2).Where(pair => pair.Length == 2)
            .Select(pair => AskAsync([pair[0]], "benchmark_network", pair[1].Target))).ConfigureAwait(false);
        return results.SelectMany(r => r);
    }

    private async Task<IEnumerable<(string Size, double Bandwidth)>> AskAsync(
        (string Worker, string Target)[] workers, string op, string? address = null)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(address is null ? 1 : 2);
        w.Text("op"u8);
        w.Text(op);
        if (address is not null)
        {
            w.Field("address"u8, address);
        }
        w.End();
        var values = new List<(string Size, double Bandwidth)>();
        foreach ((_, Opaque? reply, IOException? error) in await broadcast.SendAsync(workers, request.ToOpaque()).ConfigureAwait(false))
        {
            Read(reply ?? throw new DaskException("distributed.comm.core", "CommClosedError", error!.Message), values);
        }
        return values;
    }

    private static void Read(Opaque reply, List<(string Size, double Bandwidth)> values)
    {
        var reader = new MessageReader(reply);
        for (int count = reader.ReadMapHeader(); count > 0; count--)
        {
            string size = reader.ReadString();
            values.Add((size, reader.ReadDouble()));
        }
    }
}
