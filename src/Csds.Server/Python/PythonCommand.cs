namespace Csds.Server;

/// <summary>How to start the Python that has the users' Dask: a program, or a wrapper and its arguments.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">What comes before Python's own arguments.</param>
public sealed record PythonCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>A Python that is one file.</summary>
    public PythonCommand(string fileName) : this(fileName, [])
    {
    }

    /// <summary>Reads a command as a user writes it.</summary>
    /// <exception cref="FormatException">The command is empty or ends within quotes.</exception>
    public static PythonCommand Parse(string command)
    {
        IReadOnlyList<string> words = ShellWords.Split(command);
        return words.Count > 0
            ? new PythonCommand(words[0], [.. words.Skip(1)])
            : throw new FormatException("The command of the Python to use is empty");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', (IEnumerable<string>)[FileName, .. Arguments]);
}
