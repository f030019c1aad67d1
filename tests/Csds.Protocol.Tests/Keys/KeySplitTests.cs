using System.Text;
using Xunit;

namespace Csds.Protocol.Tests.Keys;

public sealed class KeySplitTests
{
    [Fact]
    public void Prefixes_are_those_of_key_split()
    {
        foreach (string release in RecordedKeys.Releases)
        {
            bool nested = release != "2022.12.1";
            foreach (RecordedKey key in RecordedKeys.Rows)
            {
                string prefix = KeySplit.Prefix(key.Token, nested);
                Assert.True((key.Prefix(release) ?? "Other") == prefix, $"{release}: {key.Text} gives {prefix}");
            }
        }
    }

    [Fact]
    public void Groups_are_those_of_key_split_group()
    {
        foreach (string release in RecordedKeys.Releases)
        {
            foreach (RecordedKey key in RecordedKeys.Rows)
            {
                string group = KeySplit.Group(key.Token);
                Assert.True((key.Group(release) ?? "Other") == group, $"{release}: {key.Text} gives {group}");
            }
        }
    }

    [Fact]
    public void Characters_are_letters_as_in_Python()
    {
        bool[] letters = RecordedKeys.Characters("isalpha");
        ForEachCharacter(c => Assert.True((Prefix($"x-{c}") == $"x-{c}") == letters[c.Value], $"U+{c.Value:X4}"));
    }

    [Fact]
    public void Characters_are_spaces_as_in_Python()
    {
        bool[] spaces = RecordedKeys.Characters("isspace");
        ForEachCharacter(c => Assert.True((Prefix($"<a{c}b>") == "a") == spaces[c.Value], $"U+{c.Value:X4}"));
    }

    [Fact]
    public void Usual_keys_are_split_without_allocating()
    {
        byte[] text = Token("('sum-aggregate-ae05086432ca935f6eba409a8ecd4896', 0, 17)");
        byte[] tuple = [0x93, .. Token("sum-aggregate-ae05086432ca935f6eba409a8ecd4896"), 0, 17];
        Names(text, tuple);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int length = 0;
        for (int i = 0; i < 1000; i++)
        {
            length += Names(text, tuple);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        const int Prefix = 13, Group = Prefix + 33;
        Assert.Equal(1000 * 2 * (Prefix + Group), length);
    }

    private static void ForEachCharacter(Action<Rune> check)
    {
        for (int c = 0; c < 0x110000; c++)
        {
            if (Rune.IsValid(c) && c is not ('-' or '.' or '>' or ','))
            {
                check(new Rune(c));
            }
        }
    }

    private static string Prefix(string key) => KeySplit.Prefix(Token(key));

    private static int Names(byte[] text, byte[] tuple) =>
        KeySplit.PrefixUtf8(text).Length + KeySplit.GroupUtf8(text).Length
        + KeySplit.PrefixUtf8(tuple).Length + KeySplit.GroupUtf8(tuple).Length;

    private static byte[] Token(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return [0xd9, (byte)utf8.Length, .. utf8];
    }
}
