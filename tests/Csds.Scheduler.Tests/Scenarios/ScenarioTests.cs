using System.Runtime.CompilerServices;
using Xunit;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>
/// Runs every transcript. With <c>CSDS_REWRITE=1</c> in the environment the files are rewritten instead of compared:
/// the diff is what has to be reviewed.
/// </summary>
public static class ScenarioTests
{
    /// <summary>The names of the transcripts.</summary>
    public static TheoryData<string> Transcripts() =>
        [.. Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    /// <summary>What comes out is what the transcript says, and nothing else.</summary>
    [Theory]
    [MemberData(nameof(Transcripts))]
    public static void Transcript_holds(string name)
    {
        string path = Path.Combine(Folder(), name + ".txt");
        string expected = File.ReadAllText(path);
        string actual = Transcript.Run(expected);
        if (Environment.GetEnvironmentVariable("CSDS_REWRITE") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }
        Assert.Equal(expected, actual);
    }

    /// <summary>The same comes out when graphs arrive in the smallest parts.</summary>
    [Theory]
    [MemberData(nameof(Transcripts))]
    public static void Transcript_holds_in_parts(string name)
    {
        string expected = File.ReadAllText(Path.Combine(Folder(), name + ".txt"));
        Assert.Equal(expected, Transcript.Run(expected, partTasks: 1));
    }

    /// <summary>Every transition of the table happens in some transcript.</summary>
    [Fact]
    public static void Every_transition_has_a_transcript()
    {
        string all = string.Concat(Directory.GetFiles(Folder(), "*.txt").Select(File.ReadAllText));
        IEnumerable<string> missing = TransitionTable.Pairs
            .Select(pair => $"{pair.Start.ToText()} -> {pair.Finish.ToText()}")
            .Where(text => !all.Contains(text, StringComparison.Ordinal));
        // A report that comes too late leaves the task where it is.
        Assert.Equal(["waiting -> memory"], missing);
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "transcripts");
}
