using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Csds.Scheduler.Tests.Transitions;

/// <summary>Keeps the table in <c>docs/state-machine.md</c> true.</summary>
public static partial class DocumentedTransitionsTests
{
    /// <summary>The document has every transition of the code, under its function's name, and no other.</summary>
    [Fact]
    public static void The_document_has_every_transition()
    {
        string text = File.ReadAllText(Path.Combine(Folder(), "../../../docs/state-machine.md"));
        IEnumerable<string> documented = Rows().Matches(text).Select(m => $"{m.Groups[1]} {m.Groups[2]} {m.Groups[3]}");
        IEnumerable<string> existing = TransitionTable.Pairs.Select(pair =>
        {
            System.Reflection.MethodInfo function = TransitionTable.Find(pair.Start, pair.Finish)!.Method;
            return $"{pair.Start.ToText()} {pair.Finish.ToText()} {function.DeclaringType!.Name}.{function.Name}";
        });
        Assert.Equal(existing.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^\| ([a-z-]+) \| ([a-z-]+) \| .* \| `(\w+\.\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Rows();

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
