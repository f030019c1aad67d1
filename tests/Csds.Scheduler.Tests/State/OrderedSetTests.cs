using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The set against a list that is searched from end to end.</summary>
public static class OrderedSetTests
{
    /// <summary>Whatever is added and removed, order and content are those of the list.</summary>
    [Fact]
    public static void Behaves_as_a_list_without_duplicates() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 99].Array[0, 300]).Sample((items, numbers) =>
        {
            object[] pool = [.. Enumerable.Range(0, items).Select(_ => new object())];
            var set = new OrderedSet<object>();
            var model = new List<object>();
            foreach (int number in numbers)
            {
                // The same number is removed as often as it is added.
                object item = pool[number % items];
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
        object[] pool = [.. Enumerable.Range(0, 1000).Select(_ => new object())];
        var set = new OrderedSet<object>();
        for (int i = 0; i < pool.Length; i++)
        {
            set.Add(pool[i]);
            if (i >= 100)
            {
                Assert.True(set.TryGetFirst(out object? first));
                Assert.Same(pool[i - 100], first);
                set.Remove(first);
            }
        }
        Assert.Equal(pool[^100..], set.ToArray());
    }

    private static void Same(object[] pool, List<object> model, ref OrderedSet<object> set)
    {
        Assert.Equal(model.Count, set.Count);
        Assert.Equal(model.Count == 0, set.IsEmpty);
        Assert.Equal(model, set.ToArray());
        Assert.Equal(model.Count > 0, set.TryGetFirst(out object? first));
        Assert.Same(model.FirstOrDefault(), first);
        foreach (object item in pool)
        {
            Assert.Equal(model.Contains(item), set.Contains(item));
        }
    }
}
