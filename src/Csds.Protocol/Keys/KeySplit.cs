using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Csds.Protocol;

/// <summary>
/// The names that keys are grouped by: a task's prefix is <c>dask.utils.key_split(key)</c>, its group
/// <c>distributed.utils.key_split_group(key)</c>. Both are found in the key's token, as UTF-8 and mostly as a slice of
/// it, so that looking up a name allocates nothing.
/// </summary>
/// <remarks>
/// Where Dask's functions raise (an empty str or tuple, bytes that are no UTF-8), the name here is <c>Other</c>. Dask
/// takes a tuple's first item as the group whatever its type; here it is the item's <c>str()</c>.
/// </remarks>
public static class KeySplit
{
    /// <summary><see cref="PrefixUtf8"/> as text.</summary>
    public static string Prefix(ReadOnlySpan<byte> token, bool nested = true) =>
        Encoding.UTF8.GetString(PrefixUtf8(token, nested));

    /// <summary><see cref="GroupUtf8"/> as text.</summary>
    public static string Group(ReadOnlySpan<byte> token) => Encoding.UTF8.GetString(GroupUtf8(token));

    /// <summary>
    /// <c>key_split(key)</c>. Until 2022.12 only the outermost tuple was looked into; <paramref name="nested"/> is
    /// true for releases that also take <c>(('x-1', 0), 1)</c> and <c>(b'x-1', 0)</c> apart (rows V4, V5).
    /// </summary>
    public static ReadOnlySpan<byte> PrefixUtf8(ReadOnlySpan<byte> token, bool nested = true)
    {
        var reader = new KeyReader(token);
        KeyPartKind kind = reader.Read();
        bool outermost = true;
        while (kind == KeyPartKind.Tuple && reader.Count > 0 && (nested || outermost))
        {
            kind = reader.Read();
            outermost = false;
        }
        return kind switch
        {
            KeyPartKind.Str => PrefixOfText(reader.Content),
            KeyPartKind.Bytes when (nested || outermost) && Utf8.IsValid(reader.Content) =>
                PrefixOfText(reader.Content),
            _ => Other,
        };
    }

    /// <summary><c>key_split_group(key)</c>, the same in all releases.</summary>
    public static ReadOnlySpan<byte> GroupUtf8(ReadOnlySpan<byte> token)
    {
        var reader = new KeyReader(token);
        switch (reader.Read())
        {
            case KeyPartKind.Str:
                return GroupOfText(reader.Content);
            case KeyPartKind.Bytes when Utf8.IsValid(reader.Content):
                return GroupOfText(reader.Content);
            case KeyPartKind.Tuple when reader.Count > 0:
                int start = reader.Consumed;
                return reader.Read() == KeyPartKind.Str ? reader.Content : TextOfItem(token[start..]);
            default:
                return Other;
        }
    }

    private static ReadOnlySpan<byte> Other => "Other"u8;

    private static ReadOnlySpan<byte> Data => "data"u8;

    private static ReadOnlySpan<byte> TextOfItem(ReadOnlySpan<byte> rest)
    {
        var reader = new KeyReader(rest);
        var text = new ArrayBufferWriter<byte>();
        KeyText.WriteRepr(reader.ReadRaw(), text);
        return text.WrittenSpan;
    }

    private static ReadOnlySpan<byte> GroupOfText(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return Other;
        }
        if (text[0] == '(')
        {
            return UpTo(text, (byte)',').Trim("()\"'"u8);
        }
        if (IsHash(text))
        {
            return Data;
        }
        return text[0] == '<' ? TypeName(text) : PrefixOfText(text);
    }

    private static ReadOnlySpan<byte> PrefixOfText(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> first = UpTo(text, (byte)'-');
        if (first.IsEmpty)
        {
            return Other;
        }
        Rune.DecodeFromUtf8(first, out Rune letter, out _);
        ReadOnlySpan<byte> head = Rune.IsLetter(letter) ? first : UpTo(first, (byte)',').Trim("_'()\""u8);
        ReadOnlySpan<byte> words = WordsAfter(text, first.Length);
        ReadOnlySpan<byte> result = Join(text, head, words);
        if (result.IsEmpty)
        {
            return Other;
        }
        if (IsHash(result))
        {
            return Data;
        }
        return result[0] == '<' ? TypeName(result) : result;
    }

    /// <summary>
    /// The part of a text, from its first hyphen at <paramref name="start"/>, that reads <c>-word-word</c>.
    /// </summary>
    private static ReadOnlySpan<byte> WordsAfter(ReadOnlySpan<byte> text, int start)
    {
        int end = start;
        while (end < text.Length)
        {
            ReadOnlySpan<byte> word = UpTo(text[(end + 1)..], (byte)'-');
            if (!IsName(word))
            {
                break;
            }
            end += 1 + word.Length;
        }
        return text[start..end];
    }

    /// <summary>
    /// <c>word.isalpha()</c>, but not what Dask takes for a hash: 8 letters that begin with one from a to f.
    /// </summary>
    private static bool IsName(ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty)
        {
            return false;
        }
        byte first = word[0];
        int letters = 0;
        while (!word.IsEmpty)
        {
            Rune.DecodeFromUtf8(word, out Rune rune, out int size);
            if (!Rune.IsLetter(rune))
            {
                return false;
            }
            letters++;
            word = word[size..];
        }
        return letters != 8 || first is < (byte)'a' or > (byte)'f';
    }

    private static ReadOnlySpan<byte> Join(ReadOnlySpan<byte> text, ReadOnlySpan<byte> head, ReadOnlySpan<byte> words)
    {
        if (words.IsEmpty)
        {
            return head;
        }
        if (text.Overlaps(head, out int headStart) && text.Overlaps(words, out int wordsStart)
            && headStart + head.Length == wordsStart)
        {
            return text.Slice(headStart, head.Length + words.Length);
        }
        // Only a key like "(x)-y" comes here: something was stripped between the words.
        byte[] joined = new byte[head.Length + words.Length];
        head.CopyTo(joined);
        words.CopyTo(joined.AsSpan(head.Length));
        return joined;
    }

    /// <summary>
    /// <c>text.strip("&lt;&gt;").split()[0].split(".")[-1]</c>: <c>&lt;a.B object at 0x1&gt;</c> is B.
    /// </summary>
    private static ReadOnlySpan<byte> TypeName(ReadOnlySpan<byte> text)
    {
        text = text.Trim("<>"u8);
        int start = 0;
        while (start < text.Length && IsSpace(text[start..], out int size))
        {
            start += size;
        }
        int end = start;
        while (end < text.Length && !IsSpace(text[end..], out int size))
        {
            end += size;
        }
        if (start == end)
        {
            return Other;
        }
        ReadOnlySpan<byte> word = text[start..end];
        return word[(word.LastIndexOf((byte)'.') + 1)..];
    }

    /// <summary><c>str.isspace</c> of the first character: .NET's white space and four separators of ASCII.</summary>
    private static bool IsSpace(ReadOnlySpan<byte> text, out int size)
    {
        Rune.DecodeFromUtf8(text, out Rune rune, out size);
        return Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1c and <= 0x1f;
    }

    private static bool IsHash(ReadOnlySpan<byte> text) =>
        text.Length == 32 && text.IndexOfAnyExcept(HashDigits) < 0;

    private static readonly SearchValues<byte> HashDigits = SearchValues.Create("0123456789abcdef"u8);

    private static ReadOnlySpan<byte> UpTo(ReadOnlySpan<byte> text, byte separator)
    {
        int end = text.IndexOf(separator);
        return end < 0 ? text : text[..end];
    }
}
