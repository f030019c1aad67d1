using System.Text;

namespace Csds.Scheduler;

/// <summary>Texts that come with every message and of which there are few: names of types and actions.</summary>
public sealed class InternedNames
{
    /// <summary>A peer that makes names up cannot fill the memory: beyond this, names are not kept.</summary>
    private const int Limit = 10_000;

    /// <summary>Bytes of the longest name that is kept.</summary>
    private const int LongestKept = 256;

    private readonly Dictionary<string, string> names = new(Utf8Comparer.Instance);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<byte>> lookup;

    internal InternedNames() => lookup = names.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The text of some UTF-8, the same object for the same text.</summary>
    public string Intern(ReadOnlySpan<byte> utf8)
    {
        if (lookup.TryGetValue(utf8, out string? known))
        {
            return known;
        }
        string text = Encoding.UTF8.GetString(utf8);
        if (utf8.Length <= LongestKept && names.Count < Limit)
        {
            names.TryAdd(text, text); // It is there if the bytes are no UTF-8: different ones are the same text then.
        }
        return text;
    }
}
