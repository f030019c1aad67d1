using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>
/// What clients store under paths of names (rows R32, X13): Dask's <c>task_metadata</c>, a dict of dicts. What is below
/// the key of a task goes when the task is forgotten.
/// </summary>
internal sealed class TaskMetadata(SchedulerState s)
{
    private readonly Node root = new() { Entries = new Dictionary<Key, Node>(KeyComparer.Instance) };

    /// <summary>Number of entries at the top.</summary>
    internal int Count => root.Entries!.Count;

    /// <summary><c>set_metadata</c>: what stands in the way on the path is replaced.</summary>
    internal void Set(Request r)
    {
        Key[] path = ReadPath(r);
        if (path.Length == 0)
        {
            s.Refuse(r.Number, new PythonError("builtins", "IndexError", "list index out of range"));
            return;
        }
        Node node = root;
        foreach (Key name in path[..^1])
        {
            if (!node.Entries!.TryGetValue(name, out Node? next) || next.Entries is null)
            {
                node.Entries[name] = next = new Node { Entries = new Dictionary<Key, Node>(KeyComparer.Instance) };
            }
            node = next;
        }
        node.Entries![path[^1]] = Node.Of(r.Value);
        s.Answer(r.Number);
    }

    /// <summary><c>get_metadata</c>: the default, or KeyError without one, if there is no such path.</summary>
    internal void Get(Request r)
    {
        Node? node = root;
        foreach (Key name in ReadPath(r))
        {
            if (node.Entries is null)
            {
                node = node.Item(name);
                if (node is null)
                {
                    s.Refuse(r.Number, PythonError.TypeError("object is not subscriptable"));
                    return;
                }
            }
            else if (!node.Entries.TryGetValue(name, out node))
            {
                AnswerDefault(r, name);
                return;
            }
        }
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) => node.Write(ref w)));
    }

    /// <summary>A task was forgotten.</summary>
    internal void Forget(Key key) => root.Entries!.Remove(key);

    /// <summary>Forgets everything: a restart.</summary>
    internal void Clear() => root.Entries!.Clear();

    private void AnswerDefault(Request r, Key missing)
    {
        if (r.Default is { } value && !IsNoDefault(value))
        {
            s.Answer(r.Number, value);
        }
        else
        {
            s.Refuse(r.Number, PythonError.KeyError(missing));
        }
    }

    // A text in 2022, the member of an Enum later.
    private static bool IsNoDefault(Opaque value)
    {
        var reader = new MessageReader(value);
        if (reader.NextType == MessagePackType.String)
        {
            return reader.ReadUtf8().SequenceEqual("__no_default__"u8);
        }
        return reader.NextType == MessagePackType.Map && reader.ReadMapHeader() > 1
            && new Key(reader.ReadToken().ToArray()) == Key.FromString("__Enum__");
    }

    private static Key[] ReadPath(Request r)
    {
        var reader = new MessageReader(r.Keys);
        return reader.NextType == MessagePackType.Array ? KeyFields.ReadKeys(ref reader) : [reader.ReadKey()];
    }

    /// <summary>A dict, or a value that is none.</summary>
    private sealed class Node
    {
        internal Dictionary<Key, Node>? Entries { get; init; }

        private Opaque? Value { get; init; }

        internal static Node Of(Opaque value)
        {
            var reader = new MessageReader(value);
            if (reader.NextType != MessagePackType.Map || IsPlaceholder(reader))
            {
                return new Node { Value = value };
            }
            var entries = new Dictionary<Key, Node>(KeyComparer.Instance);
            for (int count = reader.ReadMapHeader(); count > 0; count--)
            {
                Key name = reader.ReadKey();
                entries[name] = Of(reader.ReadOpaque());
            }
            return new Node { Entries = entries };
        }

        /// <summary>An item of a list; null if this is none, or has no such item.</summary>
        internal Node? Item(Key index)
        {
            var list = new MessageReader(Value!);
            var at = new MessageReader(index.Token.ToArray());
            if (list.NextType != MessagePackType.Array || at.NextType != MessagePackType.Integer)
            {
                return null;
            }
            int count = list.ReadArrayHeader();
            long wanted = at.ReadInt64();
            if (wanted < 0 || wanted >= count)
            {
                return null;
            }
            for (long i = 0; i < wanted; i++)
            {
                list.Skip();
            }
            return Of(list.ReadOpaque());
        }

        internal void Write(ref MessageWriter w)
        {
            if (Entries is null)
            {
                w.Value(Value);
                return;
            }
            w.Map(Entries.Count);
            foreach ((Key name, Node node) in Entries)
            {
                w.Key(name);
                node.Write(ref w);
            }
        }

        // Maps that stand for something else (rows W14 to W17).
        private static bool IsPlaceholder(MessageReader reader) =>
            reader.ReadMapHeader() > 0 && reader.NextType == MessagePackType.String
            && reader.ReadString() is "__Serialized__" or "__Pickled__" or "__Set__" or "__Enum__";
    }
}
