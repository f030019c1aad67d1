using System.Text.RegularExpressions;

namespace Csds.Tidy.Tests;

/// <summary>
/// Nothing is too large to be read at one go. Aims are 400 lines for a file, 120 columns for a line and 70 lines for a
/// function; what is refused here is well beyond that, but for functions.
/// </summary>
public static partial class SizeTests
{
    private const int MaxFileLines = 500;
    private const int MaxTestFileLines = 900;
    private const int MaxColumns = 155;
    private const int MaxFunctionLines = 70;

    /// <summary>Files.</summary>
    [Fact]
    public static void Files_are_short() => Assert.Empty(Sources().Select(path =>
    {
        int lines = File.ReadAllLines(path).Length;
        bool isPythonTest = path.EndsWith(".py", StringComparison.Ordinal) && path.Contains("tests", StringComparison.Ordinal);
        return lines > (isPythonTest ? MaxTestFileLines : MaxFileLines) ? $"{SourceTree.NameOf(path)}: {lines} lines" : null;
    }).OfType<string>());

    /// <summary>Lines.</summary>
    [Fact]
    public static void Lines_are_short() => Assert.Empty(Sources().SelectMany(path => File.ReadAllLines(path)
        .Select((line, i) => line.Length > MaxColumns ? $"{SourceTree.NameOf(path)}:{i + 1}: {line.Length} columns" : null)
        .OfType<string>()));

    /// <summary>Functions in C#.</summary>
    [Fact]
    public static void Functions_are_short() => Assert.Empty(SourceTree.Files(".cs").SelectMany(CSharpFunctions));

    /// <summary>Functions in Python.</summary>
    [Fact]
    public static void Python_functions_are_short() => Assert.Empty(SourceTree.Files(".py").SelectMany(PythonFunctions));

    private static IEnumerable<string> Sources() => SourceTree.Files(".cs").Concat(SourceTree.Files(".py"));

    // A block of a member of a type: its braces stand alone, four columns or eight from the left.
    private static IEnumerable<string> CSharpFunctions(string path)
    {
        string[] lines = File.ReadAllLines(path);
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i] is "    {" or "        {" && FollowsSignature(lines, i))
            {
                int end = Array.IndexOf(lines, lines[i].Replace('{', '}'), i);
                if (end - i > MaxFunctionLines)
                {
                    yield return $"{SourceTree.NameOf(path)}:{i + 1}: a function of {end - i} lines";
                }
            }
        }
    }

    private static bool FollowsSignature(string[] lines, int brace)
    {
        string before = lines[brace - 1] + (brace > 1 ? lines[brace - 2] : "");
        return !TypeOrInitializer().IsMatch(before) && lines[brace - 1].TrimEnd().EndsWith(')');
    }

    private static IEnumerable<string> PythonFunctions(string path)
    {
        string[] lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            int indent = lines[i].Length - lines[i].TrimStart().Length;
            if (!PythonFunction().IsMatch(lines[i]))
            {
                continue;
            }
            int end = i + 1;
            while (end < lines.Length && (lines[end].Length == 0 || lines[end][0] == '#' || lines[end].TrimStart()[0] == ')'
                || lines[end].Length - lines[end].TrimStart().Length > indent))
            {
                end++;
            }
            if (end - i > MaxFunctionLines + 10)
            {
                yield return $"{SourceTree.NameOf(path)}:{i + 1}: a function of {end - i} lines";
            }
        }
    }

    [GeneratedRegex(@"\b(class|struct|record|enum|interface|switch)\b| = ")]
    private static partial Regex TypeOrInitializer();

    [GeneratedRegex(@"^ *(async )?def ")]
    private static partial Regex PythonFunction();
}
