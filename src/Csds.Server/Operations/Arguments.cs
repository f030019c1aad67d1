using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// The arguments of a call, as values by name: for operations that are rare, where reading twice does not matter.
/// </summary>
public sealed class Arguments
{
    private readonly Dictionary<string, Opaque> values = [];

    /// <summary>Reads all fields of a call.</summary>
    public Arguments(RpcCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        MessageReader reader = call.Read();
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = reader.ReadString();
            values[name] = reader.ReadOpaque();
        }
    }

    /// <summary>The names of all fields, reserved ones included.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>A value; null if it is missing or None.</summary>
    public Opaque? Find(string name) => values.TryGetValue(name, out Opaque? value) && !value.IsNil ? value : null;

    /// <summary>A value that has to be there, as Python's own TypeError says.</summary>
    public Opaque Get(string name) =>
        values.GetValueOrDefault(name)
        ?? throw new DaskException("builtins", "TypeError", $"missing 1 required argument: '{name}'");

    /// <summary>Text; null if it is missing or None.</summary>
    public string? Text(string name) => Find(name) is { } value ? new MessageReader(value).ReadString() : null;

    /// <summary>A bool.</summary>
    public bool Bool(string name, bool otherwise) =>
        Find(name) is { } value ? new MessageReader(value).ReadBoolean() : otherwise;

    /// <summary>An int.</summary>
    public int? Int(string name) => Find(name) is { } value ? new MessageReader(value).ReadInt32() : null;

    /// <summary>A number.</summary>
    public double? Number(string name) => Find(name) is { } value ? new MessageReader(value).ReadDouble() : null;

    /// <summary>A key; none if it is missing or None.</summary>
    public Key Key(string name) => Find(name) is { } value ? new MessageReader(value.Token).ReadKey() : default;

    /// <summary>A list, tuple or set of keys, or of texts; the keys of a map; null if it is missing or None.</summary>
    public IReadOnlyList<Key>? Keys(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }
        var reader = new MessageReader(value);
        if (reader.NextType == Nerdbank.MessagePack.MessagePackType.Map && !IsSet(reader))
        {
            return ReadMapKeys(ref reader);
        }
        var keys = new Key[reader.ReadSequenceHeader()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = reader.ReadKey();
        }
        return keys;
    }

    /// <summary>A list of texts; null if it is missing or None.</summary>
    public IReadOnlyList<string>? Texts(string name) => Keys(name)?.Select(k => k.ToString()).ToArray();

    private static bool IsSet(MessageReader reader) =>
        reader.ReadMapHeader() == 2 && reader.NextType == Nerdbank.MessagePack.MessagePackType.String
        && reader.ReadUtf8().SequenceEqual("__Set__"u8);

    private static Key[] ReadMapKeys(ref MessageReader reader)
    {
        var keys = new Key[reader.ReadMapHeader()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = reader.ReadKey();
            reader.Skip();
        }
        return keys;
    }
}
