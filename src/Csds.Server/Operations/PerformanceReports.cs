using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// <c>performance_report</c> (row R47): the page that a client saves at the end of its <c>with performance_report()</c>
/// block. The page is ours: it needs neither bokeh nor the network.
/// </summary>
public sealed class PerformanceReports(
    Reactor reactor, Profiles profiles, ServerSettings settings, Opaque versions, RecentLog log)
{
    /// <summary>Adds the operation to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("performance_report", ReportAsync);
    }

    private async Task ReportAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        double start = arguments.Number("start") ?? 0;
        string code = arguments.Text("code") ?? "";
        Task<IReadOnlyList<(string Worker, Opaque State)>> compute = profiles.GetAsync(null, start, null, null, server: false);
        Task<IReadOnlyList<(string Worker, Opaque State)>> workers = profiles.GetAsync(null, start, null, null, server: true);
        (IReadOnlyList<Opaque> runs, ReportedWorker[] known, double now) = await reactor.AskAsync((s, now) =>
        {
            s.TaskStream.Watch();
            return (s.TaskStream.Collect(start, null, null), s.Workers.Sorted.Select(ws => new ReportedWorker(ws)).ToArray(), now);
        }).ConfigureAwait(false);
        var report = new PerformanceReport
        {
            Start = start,
            Stop = now,
            Address = settings.Address,
            Versions = (VersionOf("dask"), VersionOf("distributed")),
            Code = code,
            Workers = known,
            Stream = new StreamSummary(runs),
            Profiles = (Merge(await compute.ConfigureAwait(false)), Merge(await workers.ConfigureAwait(false))),
            Logs = [.. log.Records.Where(r => r.Time >= start).Select(r => (r.LevelName, log.Format.Format(r)))],
        };
        MessageWriter w = call.Reply.Single();
        w.Text(report.Write());
        w.End();
    }

    private static ProfileNode Merge(IReadOnlyList<(string Worker, Opaque State)> states) =>
        ProfileNode.Merge(states.Select(s => s.State));

    // From get_versions(): {"packages": {name: version}}.
    private string VersionOf(string package)
    {
        var reader = new MessageReader(versions);
        return Enter(ref reader, "packages") && Enter(ref reader, package) && reader.NextType == MessagePackType.String
            ? reader.ReadString()
            : "unknown";
    }

    private static bool Enter(ref MessageReader reader, string name)
    {
        int entries = reader.NextType == MessagePackType.Map ? reader.ReadMapHeader() : 0;
        for (int i = 0; i < entries; i++)
        {
            if (reader.ReadString() == name)
            {
                return true;
            }
            reader.Skip();
        }
        return false;
    }
}
