using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Csds.Policies;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging.Abstractions;

namespace Csds.Server.Tests;

/// <summary>
/// Keeps the tables in <c>docs/compatibility.md</c> true: they are made from the operations that exist in the code and those
/// that Dask has, recorded by <c>scripts/record/record_operations.py</c>. CSDS_REWRITE=1 writes them anew.
/// </summary>
public sealed class CompatibilityTests
{
    private const string Begin = "<!-- operations: generated, see CompatibilityTests -->";
    private const string End = "<!-- end of operations -->";

    [Fact]
    public async Task The_tables_say_what_the_code_does()
    {
        string file = Path.Combine(Folder(), "../../../docs/compatibility.md");
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = text.IndexOf(End, StringComparison.Ordinal);
        string tables = "\n\n" + await TablesAsync() + "\n";
        if (Environment.GetEnvironmentVariable("CSDS_REWRITE") == "1")
        {
            await File.WriteAllTextAsync(file, text[..begin] + tables + text[end..], TestContext.Current.CancellationToken);
            return;
        }
        Assert.Equal(tables, text[begin..end]);
    }

    [Fact]
    public async Task No_operation_exists_that_Dask_does_not_have()
    {
        HashSet<string> dask = [.. Recorded().Select(r => r.Name)];
        foreach (string op in (await OperationsAsync()).Concat(Inbox.WorkerOps).Concat(Inbox.ClientOps))
        {
            Assert.Contains(op, dask);
        }
    }

    private static async Task<string> TablesAsync()
    {
        IReadOnlyCollection<string> rpc = await OperationsAsync();
        HashSet<string> stream = [.. Inbox.WorkerOps, .. Inbox.ClientOps, "update-graph", "update-graph-hlg"];
        var text = new StringBuilder();
        Append(text, "Requests", [.. Recorded().Where(r => r.Kind == "rpc")], rpc);
        Append(text, "Messages on the streams of clients and workers", [.. Recorded().Where(r => r.Kind == "stream")], stream);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, Row[] rows, IReadOnlyCollection<string> existing)
    {
        text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{rows.Count(r => existing.Contains(r.Name))} of {rows.Length}.\n\n");
        text.Append("| operation | 2022.12 | 2024.12 | 2026.7 | csds |\n| --- | --- | --- | --- | --- |\n");
        foreach (Row row in rows)
        {
            string has = existing.Contains(row.Name) ? "yes" : "**no**";
            text.Append(CultureInfo.InvariantCulture, $"| `{row.Name}` | {string.Join(" | ", row.Generations)} | {has} |\n");
        }
        text.Append('\n');
    }

    private static IEnumerable<Row> Recorded() =>
        File.ReadLines(Path.Combine(Folder(), "dask-operations.txt")).Skip(1)
            .Select(line => line.Split(' '))
            .Select(words => new Row(words[0], words[1], [.. words[2..].Select(w => w == "y" ? "yes" : "")]));

    private static async Task<IReadOnlyCollection<string>> OperationsAsync()
    {
        var settings = new ServerSettings();
        var streams = new StreamDirectory();
        var state = new SchedulerState(new SchedulerOptions(), new DaskPolicy(), 0);
        await using var pool = new CommPool(settings, NullLoggerFactory.Instance);
        var reactor = new Reactor(state, streams, TimeProvider.System, NullLogger.Instance, NullLogger.Instance);
        var set = new OperationSet
        {
            Reactor = reactor,
            Streams = streams,
            Pool = pool,
            Plugins = new PluginStore(),
            Python = new SchedulerPython(new PythonCommand("python3"), new HelperOptions(), _ => default, NullLoggerFactory.Instance),
            Dialect = Dialect.Newest,
            Expander = new GraphExpander(Dialect.Newest, (_, _) => throw new NotSupportedException()),
            Settings = settings,
            Versions = Opaque.Nil,
            Close = _ => { },
            Log = NullLogger.Instance,
        };
        return set.Build().Operations;
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private sealed record Row(string Kind, string Name, string[] Generations);
}
