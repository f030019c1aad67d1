using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Writes one attribute of something.</summary>
public delegate void DumpField<in T>(T item, ref MessageWriter w);

/// <summary>
/// The attributes of a thing in a dump, by the names that Dask's objects have: <c>recursive_to_dict</c>. Some may be left
/// out; the number of those that stay is known before the first is written.
/// </summary>
public sealed class DumpFields<T>
{
    private readonly (byte[] Name, DumpField<T> Write)[] fields;

    /// <summary>Those attributes that are not excluded.</summary>
    public DumpFields(IReadOnlySet<string> exclude, IEnumerable<(string Name, DumpField<T> Write)> all)
    {
        fields = [.. all.Where(f => !exclude.Contains(f.Name)).Select(f => (Encoding.UTF8.GetBytes(f.Name), f.Write))];
    }

    /// <summary>Writes all of them as a map.</summary>
    public void Write(T item, ref MessageWriter w)
    {
        w.Map(fields.Length);
        foreach ((byte[] name, DumpField<T> write) in fields)
        {
            w.Text(name);
            write(item, ref w);
        }
    }
}
