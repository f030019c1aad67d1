using System.Runtime.InteropServices;

namespace Csds.Scheduler;

/// <summary>Sums by name. The name is mostly the one before, the same object: that one is added to without being looked up.</summary>
internal sealed class Tally
{
    private Dictionary<string, long>? sums;
    private string? last;
    private long pending;

    /// <summary>The sums, names in the order in which they came.</summary>
    internal IReadOnlyDictionary<string, long> Sums
    {
        get
        {
            Settle();
            return sums ??= [];
        }
    }

    /// <summary>Adds to the sum of a name; one that is back at 0 by what was taken from it goes.</summary>
    internal void Add(string name, long change)
    {
        if (change < 0 || !ReferenceEquals(name, last))
        {
            Settle();
            last = name;
        }
        pending += change;
        if (change < 0)
        {
            Settle();
        }
    }

    private void Settle()
    {
        if (last is null)
        {
            return;
        }
        sums ??= new Dictionary<string, long>(1);
        ref long sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, last, out _);
        sum += pending;
        if (sum == 0 && pending < 0)
        {
            sums.Remove(last);
        }
        last = null;
        pending = 0;
    }
}
