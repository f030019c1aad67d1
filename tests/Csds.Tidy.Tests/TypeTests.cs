using System.Text.RegularExpressions;

namespace Csds.Tidy.Tests;

/// <summary>A file has one subject, its name says which, and what others can use is described.</summary>
public static partial class TypeTests
{
    /// <summary>
    /// A public type bears the name of its file, or one that begins so. Others may only be enums, delegates, and small types
    /// that derive from those.
    /// </summary>
    [Fact]
    public static void One_public_type_per_file() => Assert.Empty(SourceTree.Files(".cs").SelectMany(path =>
    {
        Match[] types = [.. PublicType().Matches(File.ReadAllText(path)).Where(m => m.Groups["kind"].Value != "enum")];
        string[] names = [Path.GetFileName(path).Split('.')[0], .. types.Select(type => type.Groups["name"].Value)];
        return types.Where(type => !Belongs(type, names))
            .Select(type => $"{SourceTree.NameOf(path)}: {type.Groups["name"].Value}");
    }));

    /// <summary>Public types of the product have a summary.</summary>
    [Fact]
    public static void Public_types_are_described() => Assert.Empty(SourceTree.Files(".cs")
        .Where(path => SourceTree.NameOf(path).StartsWith("src", StringComparison.Ordinal)
            || SourceTree.NameOf(path).StartsWith("fuzz", StringComparison.Ordinal))
        .SelectMany(path =>
        {
            string text = File.ReadAllText(path);
            return PublicType().Matches(text)
                .Where(type => !IsDescribed(text[..type.Index]))
                .Select(type => $"{SourceTree.NameOf(path)}: {type.Groups["name"].Value}");
        }));

    private static bool Belongs(Match type, string[] names)
    {
        string name = type.Groups["name"].Value;
        return name.StartsWith(names[0], StringComparison.Ordinal)
            || names.Any(other => Regex.IsMatch(type.Groups["rest"].Value, $@": {other}\b"));
    }

    private static bool IsDescribed(string before)
    {
        string[] lines = before.TrimEnd().Split('\n');
        int i = lines.Length - 1;
        while (i >= 0 && lines[i].TrimStart().StartsWith('['))
        {
            i--;
        }
        return i >= 0 && lines[i].TrimStart().StartsWith("///", StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"^public (?:(?:static|sealed|abstract|readonly|ref|partial|unsafe) )*(?<kind>class|struct|record struct|record|enum|interface) "
        + @"(?<name>\w+)(?<rest>[^{;]*)", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
