using Csds.Protocol;

namespace Csds.Simulator.Wire;

/// <summary>
/// One message of a stream, as a Python peer sees it: a dict with an <c>op</c>. Values are null, bool, long, double,
/// string, byte[], <see cref="Opaque"/> for what is pickled, lists, <see cref="PythonSet"/> and <see cref="PythonDict"/>.
/// </summary>
public sealed class Message
{
    private readonly PythonDict fields;

    /// <summary>A message to be filled.</summary>
    public Message(string op) => fields = new PythonDict().With("op", op);

    internal Message(PythonDict fields) => this.fields = fields;

    /// <summary>What the message is about.</summary>
    public string Op => fields["op"] as string ?? throw new ProtocolException("a message has no op");

    /// <summary>All fields, the op included, in their order.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Fields => fields;

    /// <summary>A field; null without one.</summary>
    public object? this[string name] => fields[name];

    /// <summary>Whether there is such a field.</summary>
    public bool Has(string name) => fields.Exists(f => name.Equals(f.Key));

    /// <summary>Adds a field.</summary>
    public Message With(string name, object? value)
    {
        fields.Add(new(name, value));
        return this;
    }

    /// <summary>The field <c>key</c>.</summary>
    public Key Key => ToKey(this["key"]);

    /// <summary>The field <c>keys</c>.</summary>
    public IReadOnlyList<Key> Keys => this["keys"] is IEnumerable<object?> keys ? [.. keys.Select(ToKey)] : [];

    /// <summary>The message as msgpack, without a frame around it; it may hold nothing pickled.</summary>
    public static byte[] Encode(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return ToKey(message.fields).Token.ToArray();
    }

    /// <summary>A value as the key of a task.</summary>
    public static Key ToKey(object? value)
    {
        var batch = new MessageBatch();
        MessageWriter writer = batch.Single();
        ValueWriter.Write(ref writer, value);
        writer.End();
        return new Key(batch.Seal().ToArray());
    }

    /// <inheritdoc/>
    public override string ToString() => PythonText.Repr(fields);
}
