using Csds.Protocol;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// Ties by Python's <c>&lt;</c> of the keys, and by their text where Python cannot compare them:
/// <c>StrComparable</c> of dask.order until 2023.12.0.
/// </summary>
public sealed class KeyValueTies : KeyTies
{
    private readonly Key[] keys;
    private readonly KeyTextTies texts;

    /// <summary>Ties of the tasks of an <see cref="OrderGraph"/>.</summary>
    public KeyValueTies(Key[] keys)
    {
        this.keys = keys;
        texts = new KeyTextTies(keys);
    }

    /// <inheritdoc/>
    public override int Compare(int x, int y) =>
        KeyOrder.TryCompare(keys[x].Token, keys[y].Token, out int order) ? order : texts.Compare(x, y);

    /// <inheritdoc/>
    public override void Sort(Span<int> nodes)
    {
        // These releases know no other keys than str, so that this is nearly always so.
        foreach (int node in nodes)
        {
            if (!KeyText.TryGetStr(keys[node].Token, out _))
            {
                base.Sort(nodes);
                return;
            }
        }
        texts.Sort(nodes);
    }
}
