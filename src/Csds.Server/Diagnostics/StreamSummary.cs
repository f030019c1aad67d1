using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>The runs of a task stream, put together for a report: rectangles, and sums by kind, action and worker.</summary>
internal sealed class StreamSummary
{
    private readonly Table<(string Worker, long Thread)> rows = new();
    private readonly Table<string> names = new();
    private readonly List<string> keys = [];
    private readonly List<Rectangle> rectangles = [];

    /// <summary>Takes in what a <see cref="TaskStream"/> has kept.</summary>
    internal StreamSummary(IEnumerable<Opaque> runs)
    {
        foreach (Opaque run in runs)
        {
            Take(run);
        }
    }

    /// <summary>Number of runs.</summary>
    internal int Count => keys.Count;

    /// <summary>Seconds by action.</summary>
    internal SortedDictionary<string, double> Times { get; } = new(StringComparer.Ordinal);

    /// <summary>Sums by prefix.</summary>
    internal Dictionary<string, KindOfTask> Kinds { get; } = [];

    /// <summary>Runs and seconds by worker.</summary>
    internal Dictionary<string, (int Runs, double Seconds)> Workers { get; } = [];

    /// <summary>Writes rows, names and rectangles; times are seconds after <paramref name="start"/>.</summary>
    internal void Write(Utf8JsonWriter json, double start)
    {
        json.WriteStartObject("stream");
        json.WriteStartArray("rows");
        foreach ((string worker, long thread) in rows.Items)
        {
            json.WriteStartObject();
            json.WriteString("worker", worker);
            json.WriteNumber("thread", thread);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteTexts(json, "names", names.Items);
        WriteTexts(json, "keys", keys);
        json.WriteStartArray("rects");
        foreach (Rectangle r in rectangles)
        {
            json.WriteStartArray();
            json.WriteNumberValue(r.Row);
            json.WriteNumberValue(Math.Round(r.Step.Start - start, 6));
            json.WriteNumberValue(Math.Round(Math.Max(0, r.Step.Stop - r.Step.Start), 6));
            json.WriteNumberValue(r.Name);
            json.WriteStringValue(r.Step.Action);
            json.WriteNumberValue(r.Failed ? 1 : 0);
            json.WriteNumberValue(r.Key);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    private void Take(Opaque run)
    {
        string worker = "";
        long thread = 0, nbytes = 0;
        bool failed = false;
        Key key = default;
        var steps = new List<StartStop>();
        var reader = new MessageReader(run);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "worker": worker = reader.ReadString(); break;
                case "thread": thread = reader.TryReadNil() ? 0 : reader.ReadInt64(); break;
                case "nbytes": nbytes = reader.ReadInt64(); break;
                case "status": failed = reader.ReadString() != "OK"; break;
                case "key": key = reader.ReadKey(); break;
                case "startstops": ReadSteps(ref reader, steps); break;
                default: reader.Skip(); break;
            }
        }
        CountRun(worker, thread, key, failed, nbytes, steps);
    }

    private void CountRun(string worker, long thread, Key key, bool failed, long nbytes, List<StartStop> steps)
    {
        string prefix = KeySplit.Prefix(key.Token);
        int row = rows.IndexOf((worker, thread));
        int name = names.IndexOf(prefix);
        keys.Add(key.ToString());
        if (!Kinds.TryGetValue(prefix, out KindOfTask? kind))
        {
            Kinds[prefix] = kind = new KindOfTask(prefix);
        }
        kind.Add(failed, Math.Max(0, nbytes));
        (int runs, double busy) = Workers.GetValueOrDefault(worker);
        foreach (StartStop step in steps)
        {
            double seconds = Math.Max(0, step.Stop - step.Start);
            rectangles.Add(new Rectangle(row, name, step, failed, keys.Count - 1));
            Times[step.Action] = Times.GetValueOrDefault(step.Action) + seconds;
            kind.Spend(step.Action, seconds);
            busy += seconds;
        }
        Workers[worker] = (runs + 1, busy);
    }

    private static void ReadSteps(ref MessageReader reader, List<StartStop> steps)
    {
        int count = reader.ReadArrayHeader();
        for (int i = 0; i < count; i++)
        {
            steps.Add(StartStop.Read(ref reader));
        }
    }

    private readonly record struct Rectangle(int Row, int Name, StartStop Step, bool Failed, int Key);

    private sealed class Table<T>
        where T : notnull
    {
        private readonly Dictionary<T, int> places = [];

        internal List<T> Items { get; } = [];

        internal int IndexOf(T item)
        {
            if (!places.TryGetValue(item, out int place))
            {
                places[item] = place = Items.Count;
                Items.Add(item);
            }
            return place;
        }
    }
}
