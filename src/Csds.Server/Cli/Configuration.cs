using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Dask's effective configuration, as the helper's Python merges it from files, environment and defaults (rows E15 to
/// E18): nested maps, looked up by dotted names.
/// </summary>
public sealed class Configuration
{
    private readonly Dictionary<string, Opaque> values = new(StringComparer.Ordinal);

    /// <summary>Takes the nested map apart.</summary>
    public Configuration(Opaque config)
    {
        var reader = new MessageReader(config);
        Flatten(ref reader, "");
    }

    /// <summary>The value of a key; null if it is missing or None. Dashes and underscores are the same.</summary>
    public Opaque? Find(string name) =>
        values.TryGetValue(Normal(name), out Opaque? value) && !value.IsNil ? value : null;

    /// <summary>Text.</summary>
    public string? Text(string name) => Find(name) is { } value ? Key(value).ToString() : null;

    /// <summary>A number; the text <c>inf</c> is infinity.</summary>
    public double Number(string name, double otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }
        return text is "inf" ? double.PositiveInfinity
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number
            : throw new FormatException($"configuration: {name} is no number: {text}");
    }

    /// <summary>A duration in seconds; null if it is missing or None.</summary>
    /// <param name="name">The key.</param>
    /// <param name="unit">What a number without a unit counts.</param>
    public double? Seconds(string name, string unit = "seconds")
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        return TimeDelta.Parse(text, unit) ?? throw new FormatException($"configuration: {name} is no duration: {text}");
    }

    /// <summary>A number of bytes.</summary>
    public double Bytes(string name, double otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }
        return ByteSize.Parse(text) ?? throw new FormatException($"configuration: {name} is no number of bytes: {text}");
    }

    /// <summary>Whether a value is true as Python sees it: a bool, a number other than 0, a text that is not empty.</summary>
    public bool Bool(string name, bool otherwise)
    {
        if (Find(name) is not { } value)
        {
            return otherwise;
        }
        var reader = new MessageReader(value);
        return reader.NextType switch
        {
            MessagePackType.Integer or MessagePackType.Float => reader.ReadDouble() != 0,
            MessagePackType.String => reader.ReadUtf8().Length > 0,
            MessagePackType.Array => reader.ReadArrayHeader() > 0,
            MessagePackType.Map => reader.ReadMapHeader() > 0,
            _ => reader.ReadBoolean(),
        };
    }

    /// <summary>The length of a log; None keeps everything.</summary>
    public int LogLength(string name, int otherwise) => values.ContainsKey(Normal(name))
        ? (int)Math.Min(int.MaxValue, Number(name, int.MaxValue))
        : otherwise;

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> List(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }
        var reader = new MessageReader(value);
        var items = new string[reader.ReadSequenceHeader()];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = reader.ReadKey().ToString();
        }
        return items;
    }

    /// <summary>One entry of each map in a list, where it is there.</summary>
    public IReadOnlyList<string> Values(string name, string entry)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }
        var found = new List<string>();
        var reader = new MessageReader(value);
        for (int items = reader.ReadSequenceHeader(); items > 0; items--)
        {
            for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
            {
                bool wanted = reader.ReadKey().ToString() == entry;
                Key read = reader.ReadKey();
                if (wanted)
                {
                    found.Add(read.ToString());
                }
            }
        }
        return found;
    }

    /// <summary>A text, or a list of texts; empty if it is missing or None.</summary>
    public IReadOnlyList<string> Texts(string name) =>
        Find(name) is { } value && new MessageReader(value).NextType == MessagePackType.String ? [Key(value).ToString()] : List(name);

    /// <summary>The entries below a name whose values are durations, in seconds.</summary>
    public Dictionary<string, double> SecondsBelow(string name)
    {
        string prefix = Normal(name) + ".";
        return values.Where(v => v.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(v => originals[v.Key], v => TimeDelta.Parse(Key(v.Value).ToString()) ?? 0);
    }

    /// <summary>The entries below a name, however deep, as texts: by what follows the name.</summary>
    public IReadOnlyDictionary<string, string> TextsBelow(string name)
    {
        string prefix = Normal(name) + ".";
        return values.Where(v => v.Key.StartsWith(prefix, StringComparison.Ordinal) && !v.Value.IsNil)
            .ToDictionary(v => v.Key[prefix.Length..], v => Key(v.Value).ToString());
    }

    private readonly Dictionary<string, string> originals = [];

    private void Flatten(ref MessageReader reader, string prefix)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = reader.ReadKey().ToString();
            string path = Normal(prefix.Length == 0 ? name : $"{prefix}.{name}");
            originals[path] = name;
            if (reader.NextType == MessagePackType.Map)
            {
                Flatten(ref reader, path);
            }
            else
            {
                values[path] = reader.ReadOpaque();
            }
        }
    }

    private static Key Key(Opaque value) => new(value.Token.ToArray());

    private static string Normal(string name) => name.Replace('_', '-');
}
