using System.Text;
using CsCheck;
using Csds.Protocol;
using Csds.Scheduler.Ordering;
using Xunit;

namespace Csds.Scheduler.Tests.Ordering;

public sealed class KeyTiesTests
{
    private static readonly string[] Parts =
        ["a", "b", "\0", "aaaaaaaa", "a-common-beginning-", "\uffff", "\U0001f600"];

    // Few letters, so that texts begin alike; with what sorts differently as UTF-16, and zeros that could be taken for
    // the end of a text.
    private static readonly Gen<string> Texts =
        Gen.OneOf(Array.ConvertAll(Parts, part => Gen.Const(part))).Array[0, 5].Select(string.Concat);

    [Fact]
    public void Many_keys_sort_by_their_code_points() =>
        Texts.Array[0, 120].Sample(texts =>
        {
            Key[] keys = [.. texts.Select(Key.FromString)];
            int[] expected = [.. Enumerable.Range(0, keys.Length)
                .OrderBy(i => texts[i], Comparer<string>.Create(CompareCodePoints)).ThenBy(i => i)];
            KeyTies[] all = [new KeyTextTies(keys), new KeyValueTies(keys)];
            return all.All(ties =>
            {
                int[] nodes = [.. Enumerable.Range(0, keys.Length)];
                ties.Sort(nodes);
                return nodes.SequenceEqual(expected);
            });
        });

    [Fact]
    public void Numbers_tie_by_value_or_by_text()
    {
        Key[] keys = [new(Tokens.Int(10)), new(Tokens.Int(9)), Key.FromString("5")];
        int[] byValue = [1, 0], byText = [0, 1];
        Assert.True(new KeyValueTies(keys).Compare(0, 1) > 0);
        Assert.True(new KeyTextTies(keys).Compare(0, 1) < 0);
        Assert.True(new KeyValueTies(keys).Compare(0, 2) < 0);
        new KeyValueTies(keys).Sort(byText);
        Assert.Equal(byValue, byText);
    }

    [Fact]
    public void Comparisons_that_contradict_themselves_do_not_throw()
    {
        // 2 < 10 as numbers, but '10' < '15' < '2' as text.
        Key[] keys = [.. Enumerable.Range(0, 300).Select(
            i => i % 3 == 0 ? Key.FromString($"{i}") : new Key(Tokens.Int(i * 7 % 300)))];
        int[] nodes = [.. Enumerable.Range(0, keys.Length)];
        new KeyValueTies(keys).Sort(nodes);
        Assert.Equal(Enumerable.Range(0, keys.Length), nodes.Order());
    }

    [Fact]
    public void The_sort_is_stable() =>
        Gen.Int[0, 20].Array[0, 200].Sample(values =>
        {
            int[] nodes = [.. Enumerable.Range(0, values.Length)];
            StableSort.Sort(nodes, Comparer<int>.Create((x, y) => values[x].CompareTo(values[y])));
            return nodes.SequenceEqual(Enumerable.Range(0, values.Length).OrderBy(i => values[i]));
        });

    private static int CompareCodePoints(string x, string y) =>
        Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));
}
