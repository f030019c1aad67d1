using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The set against a list that is searched from end to end.</summary>
public static class OrderedSetTests
{
    /// <summary>Whatever is added and removed, order and content are those of the list.</summary>
    [Fact]
    public static void Behaves_as_a_list_without_duplicates() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 99].Array[0, 300], Gen.Int[0, 20].Select(bits => 1L << bits)).Sample((items, numbers, step) =>
        {
            Item[] pool = [.. Enumerable.Range(0, items).Select(i => new Item(step * i))];
            var set = new OrderedSet<Item>();
            var model = new List<Item>();
            foreach (int number in numbers)
            {
                if (number == 99)
                {
                    set.Expect(set.Count + items); // It makes no difference.
                }
                // The same number is removed as often as it is added.
                Item item = pool[number % items];
                if ((number / items) % 2 == 0)
                {
                    Assert.Equal(!model.Contains(item), set.Add(item));
                    if (!model.Contains(item))
                    {
                        model.Add(item);
                    }
                }
                else
                {
                    Assert.Equal(model.Remove(item), set.Remove(item));
                }
                Same(pool, model, ref set);
            }
            set.Clear();
            Assert.Empty(set.ToArray());
        });

    /// <summary>A set that is used as a queue keeps its size small and its order right.</summary>
    [Fact]
    public static void Works_as_a_queue()
    {
        Item[] pool = [.. Enumerable.Range(0, 1000).Select(i => new Item(i))];
        var set = new OrderedSet<Item>();
        for (int i = 0; i < pool.Length; i++)
        {
            set.Add(pool[i]);
            if (i >= 100)
            {
                Assert.True(set.TryGetFirst(out Item? first));
                Assert.Same(pool[i - 100], first);
                set.Remove(first);
            }
        }
        Assert.Equal(pool[^100..], set.ToArray());
    }

    private static void Same(Item[] pool, List<Item> model, ref OrderedSet<Item> set)
    {
        Assert.Equal(model.Count, set.Count);
        Assert.Equal(model.Count == 0, set.IsEmpty);
        Assert.Equal(model, set.ToArray());
        Assert.Equal(model.Count > 0, set.TryGetFirst(out Item? first));
        Assert.Same(model.FirstOrDefault(), first);
        foreach (Item item in pool)
        {
            Assert.Equal(model.Contains(item), set.Contains(item));
        }
    }

    private sealed class Item(long insertion) : Numbered(insertion);
}
