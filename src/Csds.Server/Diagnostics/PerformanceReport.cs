using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Writes a performance report: one HTML page with all that it needs in it. The numbers lie in the page as JSON, and its
/// script draws them.
/// </summary>
internal sealed class PerformanceReport
{
    private const string Resource = "performance-report.html";

    // Two levels for each frame of a call stack.
    private static readonly JsonWriterOptions json = new() { MaxDepth = 4096 };

    internal required double Start { get; init; }

    internal required double Stop { get; init; }

    internal required string Address { get; init; }

    /// <summary>Versions of dask and of distributed.</summary>
    internal required (string Dask, string Distributed) Versions { get; init; }

    /// <summary>The code that was measured, as its client shows it.</summary>
    internal required string Code { get; init; }

    internal required IReadOnlyList<ReportedWorker> Workers { get; init; }

    internal required StreamSummary Stream { get; init; }

    /// <summary>Of the tasks, and of the workers' event loops.</summary>
    internal required (ProfileNode Compute, ProfileNode Workers) Profiles { get; init; }

    internal required IReadOnlyList<(string Level, string Text)> Logs { get; init; }

    /// <summary>The page.</summary>
    internal string Write()
    {
        using Stream stream = typeof(PerformanceReport).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is missing in this build");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string page = reader.ReadToEnd();
        return page
            .Replace("/*TEXT*/", WebUtility.HtmlEncode(Text()), StringComparison.Ordinal)
            .Replace("/*DATA*/", Json(), StringComparison.Ordinal);
    }

    private long TotalThreads => Workers.Sum(w => w.NThreads);

    private long TotalMemory => Workers.Sum(w => w.MemoryLimit);

    // For those who read the page without its script.
    private string Text()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Duration: {Scheduler.TimeDelta.Format(Stop - Start)}\n");
        text.Append(CultureInfo.InvariantCulture, $"number of tasks: {Stream.Count}\n");
        foreach ((string action, double seconds) in Stream.Times)
        {
            text.Append(CultureInfo.InvariantCulture, $"{action} time: {Scheduler.TimeDelta.Format(seconds)}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"Address: {Address}\nWorkers: {Workers.Count}\nThreads: {TotalThreads}\n");
        text.Append(CultureInfo.InvariantCulture, $"Memory: {ByteSize.Format(TotalMemory)}\n");
        text.Append(CultureInfo.InvariantCulture, $"Dask Version: {Versions.Dask}\n");
        text.Append(CultureInfo.InvariantCulture, $"Dask.Distributed Version: {Versions.Distributed}\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{Code}\n\n{(Logs.Count == 0 ? "No logs to report" : "")}\n");
        return text.ToString();
    }

    // The default encoder escapes < and >: nothing in the data can end the script element.
    private string Json()
    {
        using var stream = new MemoryStream();
        using (var w = new Utf8JsonWriter(stream, json))
        {
            w.WriteStartObject();
            WriteSummary(w);
            Stream.Write(w, Start);
            WriteKinds(w);
            WriteWorkers(w);
            w.WriteStartObject("profiles");
            w.WritePropertyName("compute");
            WriteProfile(w, Profiles.Compute);
            w.WritePropertyName("workers");
            WriteProfile(w, Profiles.Workers);
            w.WriteEndObject();
            w.WriteStartArray("logs");
            foreach ((string level, string text) in Logs)
            {
                w.WriteStartArray();
                w.WriteStringValue(level);
                w.WriteStringValue(text);
                w.WriteEndArray();
            }
            w.WriteEndArray();
            w.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private void WriteSummary(Utf8JsonWriter w)
    {
        w.WriteStartObject("summary");
        w.WriteNumber("start", Start);
        w.WriteNumber("duration", Math.Max(0, Stop - Start));
        w.WriteNumber("tasks", Stream.Count);
        w.WriteStartObject("times");
        foreach ((string action, double seconds) in Stream.Times)
        {
            w.WriteNumber(action, seconds);
        }
        w.WriteEndObject();
        w.WriteString("address", Address);
        w.WriteNumber("workers", Workers.Count);
        w.WriteNumber("threads", TotalThreads);
        w.WriteNumber("memory", TotalMemory);
        w.WriteString("dask", Versions.Dask);
        w.WriteString("distributed", Versions.Distributed);
        w.WriteString("csds", CommandLine.Version);
        w.WriteString("code", Code);
        w.WriteEndObject();
    }

    private void WriteKinds(Utf8JsonWriter w)
    {
        w.WriteStartArray("prefixes");
        foreach (KindOfTask kind in Stream.Kinds.Values.OrderByDescending(k => k.Compute))
        {
            w.WriteStartObject();
            w.WriteString("name", kind.Name);
            w.WriteNumber("runs", kind.Runs);
            w.WriteNumber("failed", kind.Failed);
            w.WriteNumber("compute", kind.Compute);
            w.WriteNumber("mean", kind.Mean);
            w.WriteNumber("longest", kind.Longest);
            w.WriteNumber("transfer", kind.Transfer);
            w.WriteNumber("disk", kind.Disk);
            w.WriteNumber("nbytes", kind.NBytes);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private void WriteWorkers(Utf8JsonWriter w)
    {
        w.WriteStartArray("workers");
        foreach (ReportedWorker worker in Workers)
        {
            (int runs, double seconds) = Stream.Workers.GetValueOrDefault(worker.Address);
            w.WriteStartObject();
            w.WriteString("address", worker.Address);
            w.WriteString("name", worker.Name);
            w.WriteNumber("nthreads", worker.NThreads);
            w.WriteNumber("runs", runs);
            w.WriteNumber("busy", Stop > Start ? seconds / ((Stop - Start) * worker.NThreads) : 0);
            w.WriteNumber("cpu", worker.Cpu);
            w.WriteNumber("memory", worker.Memory.Process);
            w.WriteNumber("memory_limit", worker.MemoryLimit);
            w.WriteNumber("managed", worker.Memory.Managed);
            w.WriteNumber("spilled", worker.Memory.Spilled);
            w.WriteNumber("bandwidth", worker.Bandwidth);
            w.WriteNumber("processing", worker.Processing);
            w.WriteNumber("in_memory", worker.InMemory);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static void WriteProfile(Utf8JsonWriter w, ProfileNode node)
    {
        (string name, string file, long number, string line) = Describe(node.Description);
        w.WriteStartObject();
        w.WriteString("n", name.Length > 0 ? name : "all");
        w.WriteString("f", file);
        w.WriteNumber("l", number);
        w.WriteString("s", line.Trim());
        w.WriteNumber("c", node.Count);
        w.WriteStartArray("k");
        foreach (ProfileNode child in node.Children)
        {
            WriteProfile(w, child);
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static (string Name, string File, long Number, string Line) Describe(byte[] description)
    {
        string name = "", file = "", line = "";
        long number = 0;
        var reader = new MessageReader(description);
        int entries = reader.NextType == MessagePackType.Map ? reader.ReadMapHeader() : 0;
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "name": name = reader.ReadStringOrNull() ?? ""; break;
                case "filename": file = reader.ReadStringOrNull() ?? ""; break;
                case "line": line = reader.ReadStringOrNull() ?? ""; break;
                case "line_number": number = reader.TryReadNil() ? 0 : reader.ReadInt64(); break;
                default: reader.Skip(); break;
            }
        }
        return (name, file, number, line);
    }
}
