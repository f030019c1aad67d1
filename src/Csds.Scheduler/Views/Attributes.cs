using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Attributes of Dask's objects as entries of a map, for Python code that looks at the state.</summary>
internal static class Attributes
{
    internal static void Number(ref MessageWriter w, ReadOnlySpan<byte> name, double? value)
    {
        w.Text(name);
        if (value is { } number)
        {
            w.Float(number);
        }
        else
        {
            w.Nil();
        }
    }

    internal static void Tasks(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<TaskState> tasks)
    {
        w.Text(name);
        w.List(tasks.Count);
        foreach (TaskState ts in tasks)
        {
            w.Key(ts.Key);
        }
    }

    internal static void Workers(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<WorkerState> workers)
    {
        w.Text(name);
        w.List(workers.Count);
        foreach (WorkerState ws in workers)
        {
            w.Token(ws.AddressToken);
        }
    }

    internal static void Keys(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<Key>? keys)
    {
        w.Text(name);
        w.List(keys?.Count ?? 0);
        foreach (Key key in keys ?? [])
        {
            w.Key(key);
        }
    }

    internal static void Texts(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<string>? texts)
    {
        w.Text(name);
        w.List(texts?.Count ?? 0);
        foreach (string text in texts ?? [])
        {
            w.Text(text);
        }
    }

    internal static void Amounts(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, double> amounts)
    {
        w.Text(name);
        w.Map(amounts.Count);
        foreach ((string key, double amount) in amounts)
        {
            w.Text(key);
            w.Float(amount);
        }
    }
}
