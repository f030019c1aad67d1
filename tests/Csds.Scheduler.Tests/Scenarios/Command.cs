using System.Globalization;
using System.Text.RegularExpressions;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>One command of a transcript: a verb, arguments, options <c>name=value</c>, and indented lines below it.</summary>
internal sealed class Command
{
    private readonly Dictionary<string, string> options = [];
    private int next;

    internal Command(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Verb = words[0];
        foreach (string word in words.Skip(1))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                options.Add(word[..equals], word[(equals + 1)..]);
            }
            else
            {
                Arguments.Add(word);
            }
        }
    }

    internal string Verb { get; }

    internal List<string> Arguments { get; } = [];

    internal List<string> Body { get; } = [];

    internal IReadOnlyDictionary<string, string> Options => options;

    /// <summary>The arguments that were not taken yet.</summary>
    internal IEnumerable<string> Rest => Arguments.Skip(next);

    /// <summary>The next argument.</summary>
    internal string Take() => next < Arguments.Count
        ? Arguments[next++]
        : throw new FormatException($"{Verb} lacks an argument");

    /// <summary>The remaining arguments as keys.</summary>
    internal List<object?> TakeKeys() => [.. Rest.Select(ParseKey)];

    internal bool Has(string word) => Rest.Contains(word);

    internal string? Text(string name) => options.GetValueOrDefault(name);

    /// <summary>A list, split at commas that are not within a tuple.</summary>
    internal string[] Items(string name) =>
        Text(name) is { } text ? [.. Regex.Matches(text, @"\([^)]*\)[^,]*|[^,(]+").Select(m => m.Value)] : [];

    internal long? Int(string name) => Text(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    internal double? Double(string name) => Text(name) is { } text ? Number(text) : null;

    /// <summary><c>GPU:1,RAM:2.5</c> as a dict.</summary>
    internal PythonDict? Amounts(string name)
    {
        if (Text(name) is null)
        {
            return null;
        }
        var amounts = new PythonDict();
        foreach (string item in Items(name))
        {
            string[] parts = item.Split(':');
            object amount = parts[1].Contains('.', StringComparison.Ordinal) ? Number(parts[1]) : (object)(long)Number(parts[1]);
            amounts.With(parts[0], amount);
        }
        return amounts;
    }

    internal static double Number(string text) =>
        text == "inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary><c>x</c> is a str, <c>('x',0)</c> a tuple.</summary>
    internal static object? ParseKey(string text)
    {
        if (!text.StartsWith('('))
        {
            return text;
        }
        return text.Trim('(', ')').Split(',')
            .Select(item => item.StartsWith('\'') ? item.Trim('\'') : (object?)long.Parse(item, CultureInfo.InvariantCulture))
            .ToList();
    }

    internal static Key ToKey(string text) => Message.ToKey(ParseKey(text));
}
