using System.Text;

namespace Csds.Server;

/// <summary>Splits a command the way a shell does: at blanks outside of quotes. Nothing is expanded.</summary>
public static class ShellWords
{
    /// <summary>The words of a command; an empty pair of quotes is an empty word.</summary>
    /// <exception cref="FormatException">A quote is not closed, or nothing follows a backslash.</exception>
    public static IReadOnlyList<string> Split(string command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < command.Length; i++)
        {
            char c = command[i];
            if (c == '\\' && quote != '\'')
            {
                word.Append(++i < command.Length ? command[i] : throw Incomplete(command, "a backslash"));
                inWord = true;
            }
            else if (quote != '\0')
            {
                Append(c);
            }
            else if (c is '\'' or '"')
            {
                quote = c;
                inWord = true;
            }
            else if (!char.IsWhiteSpace(c))
            {
                word.Append(c);
                inWord = true;
            }
            else if (inWord)
            {
                End();
            }
        }
        if (quote != '\0')
        {
            throw Incomplete(command, "an open quote");
        }
        if (inWord)
        {
            End();
        }
        return words;

        void Append(char c)
        {
            if (c == quote)
            {
                quote = '\0';
            }
            else
            {
                word.Append(c);
            }
        }

        void End()
        {
            words.Add(word.ToString());
            word.Clear();
            inWord = false;
        }
    }

    private static FormatException Incomplete(string command, string what) =>
        new($"The command ends with {what}: {command}");
}
