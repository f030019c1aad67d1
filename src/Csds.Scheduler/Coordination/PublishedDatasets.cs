using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Datasets by name (row X7): Dask's <c>PublishExtension</c>. Releases before 2026.3 publish one at a time (row V24).
/// </summary>
internal sealed class PublishedDatasets(SchedulerState s)
{
    private readonly Dictionary<Key, Dataset> datasets = new(KeyComparer.Instance);

    /// <summary>Number of datasets.</summary>
    internal int Count => datasets.Count;

    /// <summary><c>publish_put</c>. Nothing is published if one of the names is taken.</summary>
    internal void Put(Request r)
    {
        if (r.Names is not { } names)
        {
            if (Publish(r, [r.Name], [r.Data], [ReadKeys(new MessageReader(r.Keys))]))
            {
                s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
                {
                    w.Map(2);
                    w.Field("status"u8, "OK"u8);
                    w.FieldToken("name"u8, r.Name.Token);
                }));
            }
            return;
        }
        Opaque[] data = ReadList(r.Data);
        Key[][] keys = [.. ReadList(r.Keys).Select(list => ReadKeys(new MessageReader(list)))];
        if (data.Length != names.Length || keys.Length != names.Length)
        {
            s.Refuse(r.Number, PythonError.ValueError("names, keys and data differ in length"));
            return;
        }
        s.Coordination.Flushes.WaitFor(r.Number, r.Uid, r.Client, () =>
        {
            if (Publish(r, names, data, keys))
            {
                s.Answer(r.Number);
            }
        });
    }

    /// <summary><c>publish_delete</c>. Names that are not there are passed over.</summary>
    internal void Delete(Request r) => s.Coordination.Flushes.WaitFor(r.Number, r.Uid, r.Client, () =>
    {
        foreach (Key name in r.Names ?? [r.Name])
        {
            if (datasets.Remove(name, out Dataset? dataset))
            {
                s.LetGo(PseudoClients.Published(name), dataset.Keys);
            }
        }
        s.Answer(r.Number);
    });

    /// <summary><c>publish_get</c>: None for what is not there.</summary>
    internal void Get(Request r) => s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
    {
        if (r.Names is not { } names)
        {
            Write(ref w, datasets.GetValueOrDefault(r.Name));
            return;
        }
        w.List(names.Length);
        foreach (Key name in names)
        {
            Write(ref w, datasets.GetValueOrDefault(name));
        }
    }));

    /// <summary><c>publish_list</c>: the names, sorted as text.</summary>
    internal void List(Request r) => s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
    {
        w.List(datasets.Count);
        foreach (Key name in datasets.Keys.OrderBy(name => name.ToString(), StringComparer.Ordinal))
        {
            w.Key(name);
        }
    }));

    private bool Publish(Request r, Key[] names, Opaque[] data, Key[][] keys)
    {
        if (!r.Override && Array.FindIndex(names, datasets.ContainsKey) is >= 0 and int taken)
        {
            s.Refuse(r.Number, PythonError.KeyError($"Dataset {names[taken]} already exists"));
            return false;
        }
        for (int i = 0; i < names.Length; i++)
        {
            Dataset? old = datasets.GetValueOrDefault(names[i]);
            var dataset = new Dataset(data[i], keys[i]);
            datasets[names[i]] = dataset;
            string holder = PseudoClients.Published(names[i]);
            s.Hold(holder, dataset.Keys);
            if (old is not null)
            {
                // What both hold must not be let go in between.
                s.LetGo(holder, [.. old.Keys.Except(dataset.Keys)]);
            }
        }
        return true;
    }

    private static void Write(ref MessageWriter w, Dataset? dataset)
    {
        if (dataset is null)
        {
            w.Nil();
            return;
        }
        w.Map(2);
        w.Field("data"u8, dataset.Data);
        w.Text("keys"u8);
        w.List(dataset.Keys.Length);
        foreach (Key key in dataset.Keys)
        {
            w.Key(key);
        }
    }

    private static Key[] ReadKeys(MessageReader reader) => reader.TryReadNil() ? [] : KeyFields.ReadKeys(ref reader);

    private static Opaque[] ReadList(Opaque list)
    {
        var reader = new MessageReader(list);
        var items = new Opaque[reader.TryReadNil() ? 0 : reader.ReadSequenceHeader()];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = reader.ReadOpaque();
        }
        return items;
    }

    private sealed record Dataset(Opaque Data, Key[] Keys);
}
