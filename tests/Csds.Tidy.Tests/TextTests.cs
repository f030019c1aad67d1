using System.Text.RegularExpressions;

namespace Csds.Tidy.Tests;

/// <summary>Files are finished: no notes to self, no stray blanks, no links that lead nowhere.</summary>
public static partial class TextTests
{
    private static readonly string[] extensions = [".cs", ".py", ".md", ".csproj", ".props"];

    /// <summary>What is left to do stands in issues.</summary>
    [Fact]
    public static void No_notes_to_self() => Assert.Empty(Lines(line => NoteToSelf().IsMatch(line)));

    /// <summary>Blanks at the end of a line, and tabs.</summary>
    [Fact]
    public static void No_stray_blanks() =>
        Assert.Empty(Lines(line => line.Contains('\t', StringComparison.Ordinal) || line.EndsWith(' ')));

    /// <summary>A file ends with one line end.</summary>
    [Fact]
    public static void Files_end_with_a_line() => Assert.Empty(extensions.SelectMany(SourceTree.Files).Where(path =>
    {
        string text = File.ReadAllText(path);
        return text.Length > 0 && (text[^1] != '\n' || text.EndsWith("\n\n", StringComparison.Ordinal));
    }).Select(SourceTree.NameOf));

    /// <summary>Files and headings that documents refer to are there.</summary>
    [Fact]
    public static void Links_lead_somewhere() => Assert.Empty(SourceTree.Files(".md").SelectMany(path =>
        Link().Matches(File.ReadAllText(path))
            .Select(link => link.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !Leads(path, target))
            .Select(target => $"{SourceTree.NameOf(path)}: {target}")));

    private static IEnumerable<string> Lines(Func<string, bool> isWrong) => extensions.SelectMany(SourceTree.Files)
        .SelectMany(path => File.ReadAllLines(path)
            .Select((line, i) => isWrong(line) ? $"{SourceTree.NameOf(path)}:{i + 1}: {line.Trim()}" : null)
            .OfType<string>());

    private static bool Leads(string from, string target)
    {
        string[] parts = target.Split('#', 2);
        string path = parts[0].Length == 0 ? from : Path.Combine(Path.GetDirectoryName(from)!, parts[0]);
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            return false;
        }
        return parts.Length == 1 || parts[1].Length == 0 || Headings(path).Contains(parts[1]);
    }

    // A heading's anchor, as GitHub makes it.
    private static IEnumerable<string> Headings(string path) => File.ReadLines(path)
        .Where(line => line.StartsWith('#'))
        .Select(line => NoAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    // The words are put together here, so that this file passes.
    [GeneratedRegex(@"\b(TO" + "DO|FIX" + "ME|HA" + @"CK|X" + @"XX)\b")]
    private static partial Regex NoteToSelf();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
