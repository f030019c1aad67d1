using System.Text;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>
/// A file of commands and what comes of them: blocks of commands, <c>----</c>, and all output up to an empty line.
/// Everything else, comments that begin with <c>#</c> above all, is kept as it is.
/// </summary>
internal static class Transcript
{
    private const string Separator = "----";

    /// <summary>Runs the commands and answers the file as it ought to be.</summary>
    internal static string Run(string text, int partTasks = int.MaxValue)
    {
        var world = new ScenarioWorld { PartTasks = partTasks };
        var result = new StringBuilder();
        string[] lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        int i = 0;
        while (i < lines.Length)
        {
            if (lines[i].Length == 0 || lines[i].StartsWith('#'))
            {
                result.Append(lines[i++]).Append('\n');
                continue;
            }
            int separator = Array.IndexOf(lines, Separator, i);
            if (separator < 0)
            {
                throw new FormatException($"line {i + 1}: commands without {Separator}");
            }
            string[] block = lines[i..separator];
            result.AppendJoin('\n', block).Append('\n').Append(Separator).Append('\n');
            foreach (string line in world.Turn(Parse(block)))
            {
                result.Append(line).Append('\n');
            }
            i = separator + 1;
            while (i < lines.Length && lines[i].Length > 0)
            {
                i++;
            }
        }
        return result.ToString();
    }

    internal static List<Command> Parse(IEnumerable<string> lines)
    {
        var commands = new List<Command>();
        foreach (string line in lines)
        {
            if (line.StartsWith(' '))
            {
                commands[^1].Body.Add(line.Trim());
            }
            else
            {
                commands.Add(new Command(line));
            }
        }
        return commands;
    }
}
