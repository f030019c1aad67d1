using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Spreads a packed layer's annotations over its keys: Dask's <c>__dask_distributed_annotations_unpack__</c>. A value is
/// meant for every key, or is a map by key that the client made of a callable.
/// </summary>
internal static class PackedAnnotations
{
    private const string Expanded = "__expanded_annotations__";

    /// <summary>Merges a layer's annotations; what a key got from earlier layers wins.</summary>
    internal static void Merge(Dictionary<Key, TaskAnnotations> annotations, Opaque layer, IEnumerable<Key> keys)
    {
        var common = new List<(Key Name, Opaque Value)>();
        var byKey = new Dictionary<Key, List<(Key Name, Opaque Value)>>(KeyComparer.Instance);
        Read(layer, common, byKey);
        if (common.Count == 0 && byKey.Count == 0)
        {
            return;
        }
        TaskAnnotations? shared = TaskAnnotations.Decode(Build(common));
        foreach (Key key in keys)
        {
            bool own = byKey.TryGetValue(key, out List<(Key Name, Opaque Value)>? special);
            bool known = annotations.TryGetValue(key, out TaskAnnotations? earlier);
            TaskAnnotations? merged = own || known
                ? TaskAnnotations.Decode(Build([.. common, .. special ?? [], .. Entries(earlier)]))
                : shared;
            if (merged is not null)
            {
                annotations[key] = merged;
            }
        }
    }

    private static void Read(
        Opaque layer, List<(Key Name, Opaque Value)> common, Dictionary<Key, List<(Key Name, Opaque Value)>> byKey)
    {
        var reader = new MessageReader(layer);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            Key name = reader.ReadKey();
            Opaque value = reader.ReadOpaque();
            if (!TryReadExpanded(name, value, byKey))
            {
                common.Add((name, value));
            }
        }
    }

    private static bool TryReadExpanded(Key name, Opaque value, Dictionary<Key, List<(Key Name, Opaque Value)>> byKey)
    {
        var reader = new MessageReader(value);
        if (reader.NextType != MessagePackType.Map)
        {
            return false;
        }
        var found = new List<(Key Key, Opaque Value)>();
        bool expanded = false;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            Key key = reader.ReadKey();
            expanded |= key.ToString() == Expanded;
            found.Add((key, reader.ReadOpaque()));
        }
        if (!expanded)
        {
            return false;
        }
        foreach ((Key key, Opaque keyValue) in found)
        {
            if (!byKey.TryGetValue(key, out List<(Key Name, Opaque Value)>? list))
            {
                byKey[key] = list = [];
            }
            list.Add((name, keyValue));
        }
        return true;
    }

    private static List<(Key Name, Opaque Value)> Entries(TaskAnnotations? annotations)
    {
        var entries = new List<(Key Name, Opaque Value)>();
        if (annotations is not null)
        {
            var reader = new MessageReader(annotations.Value);
            int count = reader.ReadMapHeader();
            for (int i = 0; i < count; i++)
            {
                Key name = reader.ReadKey();
                entries.Add((name, reader.ReadOpaque()));
            }
        }
        return entries;
    }

    // A later entry replaces an earlier one of the same name.
    private static Opaque Build(List<(Key Name, Opaque Value)> entries)
    {
        var last = new Dictionary<Key, Opaque>(KeyComparer.Instance);
        foreach ((Key name, Opaque value) in entries)
        {
            last[name] = value;
        }
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(last.Count);
        foreach ((Key name, Opaque value) in last)
        {
            w.Key(name);
            w.Value(value);
        }
        w.End();
        return batch.ToOpaque();
    }
}
