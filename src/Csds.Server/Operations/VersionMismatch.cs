using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Compares the packages of whoever connects with those of the scheduler's Python and of all workers: Dask's
/// <c>distributed.versions.error_message</c> (rows W41, W46).
/// </summary>
public sealed class VersionMismatch(Opaque installed, Dialect dialect)
{
    private const string Missing = "MISSING";
    private const string Unknown = "UNKNOWN";

    /// <summary>Only these packages matter to the scheduler.</summary>
    private static readonly HashSet<string> relevant =
        ["dask", "distributed", "msgpack", "cloudpickle", "tornado", "toolz", "lz4", "python"];

    private readonly Packages scheduler = Packages.Read(installed);

    /// <summary>The text of the warning; empty if nothing differs.</summary>
    /// <param name="s">Its workers are compared.</param>
    /// <param name="versions">What the peer says of its packages; null or None: nothing.</param>
    /// <param name="sourceName">What its column is called.</param>
    public string Warning(SchedulerState s, Opaque? versions, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(s);
        var source = Packages.Read(versions);
        return Warning(scheduler, Distinct(s), source, sourceName, dialect.PackedGraphs);
    }

    private static string Warning(
        Packages scheduler, List<Packages> workers, Packages source, string sourceName, bool withNotes)
    {
        var rows = new List<string[]> { new[] { "Package", sourceName, "Scheduler", "Workers" } };
        string notes = "";
        IEnumerable<string> packages = workers.Append(source).Append(scheduler).SelectMany(p => p.Names).Distinct();
        foreach (string package in packages.Order(StringComparer.Ordinal))
        {
            string[] onWorkers = [.. workers.Select(w => w.Of(package)).Distinct().Order(StringComparer.Ordinal)];
            IEnumerable<string> versions = onWorkers.Append(source.Of(package));
            if (relevant.Contains(package))
            {
                versions = versions.Append(scheduler.Of(package));
            }
            if (versions.Distinct().Count() <= 1)
            {
                continue;
            }
            rows.Add([package, source.Of(package), scheduler.Of(package), AsPython(onWorkers)]);
            if (package == "msgpack" && withNotes)
            {
                notes = "\nNotes: \n-  msgpack: Variation is ok, as long as everything is above 0.6";
            }
        }
        return rows.Count == 1 ? "" : $"Mismatched versions found\n\n{Table(rows)}{notes}";
    }

    private static List<Packages> Distinct(SchedulerState s)
    {
        var distinct = new List<Packages>();
        foreach (Key versions in s.Workers.Versions.Distinct)
        {
            ReadOnlyMemory<byte> token = Packages.TokenOf(versions.Token.ToArray());
            if (!distinct.Exists(d => d.Token.Span.SequenceEqual(token.Span)))
            {
                distinct.Add(Packages.Read(token));
            }
        }
        return distinct;
    }

    private static string AsPython(string[] versions) => versions.Length switch
    {
        0 => "None",
        1 => versions[0],
        _ => "{" + string.Join(", ", versions.Select(v => v == "None" ? v : Key.FromString(v).Repr())) + "}",
    };

    // Dask's asciitable.
    private static string Table(List<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(r => r[i].Length))];
        string bar = "+" + string.Join("+", widths.Select(w => new string('-', w + 2))) + "+";
        string Line(string[] row) => "|" + string.Concat(row.Select((cell, i) => $" {cell.PadRight(widths[i])} |"));
        return string.Join('\n', [bar, Line(rows[0]), bar, .. rows.Skip(1).Select(Line), bar]);
    }

    /// <summary>Versions by package; without any, every version is unknown.</summary>
    private sealed record Packages(ReadOnlyMemory<byte> Token, Dictionary<string, string>? Versions)
    {
        // Without packages Dask goes through the letters of the text "UNKNOWN".
        internal IEnumerable<string> Names => Versions?.Keys ?? Unknown.Select(letter => letter.ToString());

        internal string Of(string package) => Versions is null ? Unknown : Versions.GetValueOrDefault(package, Missing);

        internal static Packages Read(Opaque? versions) => Read(versions is null ? default : TokenOf(versions.Token));

        internal static Packages Read(ReadOnlyMemory<byte> token)
        {
            if (token.IsEmpty)
            {
                return new Packages(token, null);
            }
            var reader = new MessageReader(token);
            int entries = reader.ReadMapHeader();
            var versions = new Dictionary<string, string>(entries);
            for (int i = 0; i < entries; i++)
            {
                string name = reader.ReadKey().ToString();
                versions[name] = reader.TryReadNil() ? "None" : reader.ReadKey().ToString();
            }
            return new Packages(token, versions);
        }

        /// <summary>The map of packages; empty if there is none.</summary>
        internal static ReadOnlyMemory<byte> TokenOf(ReadOnlyMemory<byte> versions)
        {
            var reader = new MessageReader(versions);
            if (reader.NextType != MessagePackType.Map)
            {
                return default;
            }
            int entries = reader.ReadMapHeader();
            for (int i = 0; i < entries; i++)
            {
                bool found = reader.ReadUtf8().SequenceEqual("packages"u8) && reader.NextType == MessagePackType.Map;
                if (found)
                {
                    return reader.ReadTokenMemory();
                }
                reader.Skip();
            }
            return default;
        }
    }
}
