using System.Text;

namespace Csds.Scheduler;

/// <summary>Texts that come with every message and of which there are few: names of types and actions.</summary>
public sealed class InternedNames
{
    /// <summary>A peer that makes names up cannot fill the memory: beyond this, names are not kept.</summary>
    private const int Limit = 10_000;

    private readonly Dictionary<string, string> names = [];
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    internal InternedNames() => lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The text of some UTF-8, the same object for the same text.</summary>
    public string Intern(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > 256)
        {
            return Encoding.UTF8.GetString(utf8);
        }
        Span<char> chars = stackalloc char[256];
        int length = Encoding.UTF8.GetChars(utf8, chars);
        if (lookup.TryGetValue(chars[..length], out string? known))
        {
            return known;
        }
        string text = new(chars[..length]);
        if (names.Count < Limit)
        {
            names.Add(text, text);
        }
        return text;
    }
}
