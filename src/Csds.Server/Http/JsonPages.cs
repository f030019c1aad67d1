using System.Text;
using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.AspNetCore.Http;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>Pages for programs (rows H12 to H14, H16).</summary>
internal sealed class JsonPages(HttpServices services)
{
    private static readonly string[] pages = ["counts.json", "identity.json"];

    internal static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            write(json);
        }
        context.Response.ContentType = "application/json; charset=UTF-8";
        await context.Response.Body.WriteAsync(stream.GetBuffer().AsMemory(0, (int)stream.Length), context.RequestAborted)
            .ConfigureAwait(false);
    }

    internal static void WriteSitemap(Utf8JsonWriter json, IEnumerable<string> paths)
    {
        json.WriteStartObject();
        json.WriteStartArray("paths");
        foreach (string path in paths)
        {
            json.WriteStringValue(path);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static Task IndexAsync(HttpContext context)
    {
        var text = new StringBuilder("<html><head><title>Index of JSON routes</title></head><body><ul>");
        foreach (string page in pages)
        {
            text.Append("<li><a href=\"").Append(page).Append("\">").Append(page).Append("</a></li>");
        }
        return HtmlPage.WriteAsync(context, text.Append("</ul></body></html>").ToString());
    }

    internal async Task CountsAsync(HttpContext context)
    {
        List<(string Name, double Value)> counts = await services.Reactor.AskAsync((s, _) => Counts(s)).ConfigureAwait(false);
        await WriteAsync(context, json =>
        {
            json.WriteStartObject();
            foreach ((string name, double value) in counts)
            {
                json.WriteNumber(name, value);
            }
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    internal async Task IdentityAsync(HttpContext context)
    {
        var batch = new MessageBatch();
        await services.Reactor.TellAsync((s, _) =>
        {
            MessageWriter w = batch.Single();
            new Identity(services.Reactor, services.Settings).Write(ref w, s, -1);
            w.End();
        }).ConfigureAwait(false);
        await WriteAsync(context, json =>
        {
            var reader = new MessageReader(batch.ToOpaque());
            Write(json, ref reader);
        }).ConfigureAwait(false);
    }

    /// <summary>Writes a msgpack value as JSON; what JSON has no word for becomes text.</summary>
    internal static void Write(Utf8JsonWriter json, ref MessageReader reader)
    {
        switch (reader.NextType)
        {
            case MessagePackType.Nil:
                reader.Skip();
                json.WriteNullValue();
                break;
            case MessagePackType.Boolean:
                json.WriteBooleanValue(reader.ReadBoolean());
                break;
            case MessagePackType.Integer:
                json.WriteNumberValue(reader.ReadInt64());
                break;
            case MessagePackType.Float:
                WriteNumber(json, reader.ReadDouble());
                break;
            case MessagePackType.Array:
                json.WriteStartArray();
                for (int items = reader.ReadArrayHeader(); items > 0; items--)
                {
                    Write(json, ref reader);
                }
                json.WriteEndArray();
                break;
            case MessagePackType.Map:
                json.WriteStartObject();
                for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
                {
                    json.WritePropertyName(reader.ReadKey().ToString());
                    Write(json, ref reader);
                }
                json.WriteEndObject();
                break;
            default:
                json.WriteStringValue(reader.ReadKey().ToString());
                break;
        }
    }

    // JSON has neither infinity nor NaN.
    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    // H12, with the quirks of Dask's page: memory counts replicas, erred what has a blame, waiting what waits on something.
    private static List<(string Name, double Value)> Counts(SchedulerState s)
    {
        long erred = 0, waiting = 0, released = 0, waitingData = 0;
        foreach (TaskState ts in s.Tasks.Tasks)
        {
            erred += ts.ExceptionBlame is null ? 0 : 1;
            waiting += ts.WaitingOn.IsEmpty ? 0 : 1;
            waitingData += ts.Waiters.IsEmpty ? 0 : 1;
            released += ts.State == TaskStateName.Released && ts.ExceptionBlame is null ? 1 : 0;
        }
        IReadOnlyList<WorkerState> workers = s.Workers.Sorted;
        return
        [
            ("bytes", workers.Sum(ws => ws.NBytes)),
            ("clients", s.AllClients.Count),
            ("cores", s.Workers.TotalNThreads),
            ("erred", erred),
            ("hosts", s.Workers.Hosts.Count),
            ("idle", s.Workers.Idle.Count),
            ("memory", workers.Sum(ws => ws.HasWhat.Count)),
            ("processing", workers.Sum(ws => ws.Processing.Count)),
            ("released", released),
            ("saturated", s.Workers.Saturated.Count),
            ("tasks", s.Tasks.Count),
            ("unrunnable", s.Unrunnable.Count),
            ("waiting", waiting),
            ("waiting_data", waitingData),
            ("workers", s.Workers.Count),
            ("desired_workers", s.FindAdaptiveTarget(s.Options.AdaptiveTargetDuration)),
        ];
    }
}
