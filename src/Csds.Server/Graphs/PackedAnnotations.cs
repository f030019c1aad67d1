using System.Runtime.InteropServices;
using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Spreads packed layers' annotations over their keys: Dask's <c>__dask_distributed_annotations_unpack__</c>. A value is
/// meant for every key, or is a map by key that the client made of a callable, or the layer for some of its keys.
/// </summary>
internal sealed class PackedAnnotations(FlatGraph graph)
{
    private static readonly Key expanded = Key.FromString("__expanded_annotations__");

    private readonly List<TaskAnnotations?> byName = [];

    // Of the layer that is being read: what all keys have, and what some have, by name; of which names something is noted there.
    private readonly List<(Key Name, Opaque Value)> common = [];
    private readonly List<OwnAnnotation?> own = [];
    private readonly List<int> noted = [];

    /// <summary>What was found, by the numbers that the graph gives to keys; empty if there is nothing, and as long as need be.</summary>
    internal IReadOnlyList<TaskAnnotations?> ByName => byName;

    /// <summary>Merges a layer's annotations; what a key got from earlier layers wins.</summary>
    /// <param name="layer">A map of annotations.</param>
    /// <param name="names">The keys of the layer's tasks.</param>
    internal void Merge(ref MessageReader layer, IReadOnlyList<int> names)
    {
        CollectionsMarshal.SetCount(byName, graph.Names);
        CollectionsMarshal.SetCount(own, graph.Names);
        Read(ref layer);
        // Mostly there are few different ones, and many of a kind in a row.
        var merged = new Dictionary<(OwnAnnotation?, TaskAnnotations?), TaskAnnotations?>();
        (OwnAnnotation?, TaskAnnotations?) last = default;
        TaskAnnotations? result = null;
        foreach (int name in names)
        {
            (OwnAnnotation?, TaskAnnotations?) both = (own[name], byName[name]);
            if (merged.Count == 0 || !ReferenceEquals(both.Item1, last.Item1) || !ReferenceEquals(both.Item2, last.Item2))
            {
                if (!merged.TryGetValue(both, out result))
                {
                    result = TaskAnnotations.Decode(Build([.. common, .. Entries(both.Item1), .. Entries(both.Item2)]));
                    merged.Add(both, result);
                }
                last = both;
            }
            byName[name] = result ?? byName[name];
        }
        common.Clear();
        noted.ForEach(name => own[name] = null);
        noted.Clear();
    }

    private void Read(ref MessageReader layer)
    {
        int entries = layer.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            Key annotation = layer.ReadKey();
            if (IsExpanded(layer))
            {
                ReadExpanded(annotation, ref layer);
            }
            else
            {
                common.Add((annotation, layer.ReadOpaque()));
            }
        }
    }

    private static bool IsExpanded(MessageReader value)
    {
        bool found = false;
        int entries = value.NextType == MessagePackType.Map ? value.ReadMapHeader() : 0;
        for (int i = 0; i < entries; i++)
        {
            found |= value.ReadTokenMemory().Span.SequenceEqual(expanded.Token);
            value.Skip();
        }
        return found;
    }

    private void ReadExpanded(Key annotation, ref MessageReader reader)
    {
        OwnAnnotation? last = null;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            bool isKnown = graph.TryFind(reader.ReadKeyToken(), out int name);
            OwnAnnotation? before = isKnown ? own[name] : null;
            // Mostly it is the same as for the key before: then it is the same object.
            if (last is null || last.Before != before || !last.Is(reader.Peek().ReadToken()))
            {
                last = new OwnAnnotation(annotation, reader.ReadOpaque(), before);
            }
            else
            {
                reader.Skip();
            }
            if (isKnown)
            {
                own[name] = last;
                noted.Add(name);
            }
        }
    }

    private static List<(Key Name, Opaque Value)> Entries(OwnAnnotation? annotation)
    {
        var entries = new List<(Key Name, Opaque Value)>();
        for (; annotation is not null; annotation = annotation.Before)
        {
            entries.Add((annotation.Name, annotation.Value));
        }
        entries.Reverse();
        return entries;
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

    /// <summary>An annotation of some keys alone, and those that they have before it. Told apart by reference.</summary>
    private sealed class OwnAnnotation(Key name, Opaque value, OwnAnnotation? before)
    {
        internal Key Name { get; } = name;

        internal Opaque Value { get; } = value;

        internal OwnAnnotation? Before { get; } = before;

        /// <summary>Whether its value has a token, and no frames, which the token would not tell apart.</summary>
        internal bool Is(ReadOnlySpan<byte> token) => Value.Frames.Length == 0 && Value.Token.Span.SequenceEqual(token);
    }
}
