using System.Globalization;
using System.Text;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Reads the text of a key that is no str, such as <c>('x', 0)</c>, back into the key's token.</summary>
internal ref struct PythonLiteral
{
    private readonly ReadOnlySpan<char> text;
    private int at;

    private PythonLiteral(ReadOnlySpan<char> text) => this.text = text;

    /// <summary>The token; null if the text is no number, bytes or tuple of these and of strings.</summary>
    internal static byte[]? TryParse(string text)
    {
        var parser = new PythonLiteral(text);
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        if (!parser.Value(ref w) || parser.at != parser.text.Length)
        {
            return null;
        }
        w.End();
        return batch.Seal().ToArray();
    }

    private bool Value(ref MessageWriter w)
    {
        switch (at < text.Length ? text[at] : '\0')
        {
            case '(':
                return Tuple(ref w);
            case '\'' or '"':
                if (Quoted() is not { } content)
                {
                    return false;
                }
                w.Text(content);
                return true;
            case 'b' when at + 1 < text.Length && text[at + 1] is '\'' or '"':
                at++;
                if (Quoted() is not { } bytes)
                {
                    return false;
                }
                w.Bytes(Encoding.Latin1.GetBytes(bytes));
                return true;
            default:
                return Number(ref w);
        }
    }

    // Items are counted before they are written.
    private bool Tuple(ref MessageWriter w)
    {
        at++;
        var items = new List<byte[]>();
        while (at < text.Length && text[at] != ')')
        {
            var batch = new MessageBatch();
            MessageWriter item = batch.Single();
            if (!Value(ref item))
            {
                return false;
            }
            item.End();
            items.Add(batch.Seal().ToArray());
            while (at < text.Length && text[at] is ',' or ' ')
            {
                at++;
            }
        }
        if (at == text.Length)
        {
            return false;
        }
        at++;
        w.List(items.Count);
        foreach (byte[] item in items)
        {
            w.Token(item);
        }
        return true;
    }

    private string? Quoted()
    {
        char quote = text[at++];
        var content = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            char c = text[at++];
            content.Append(c == '\\' && at < text.Length ? Escaped() : c);
        }
        return at++ < text.Length ? content.ToString() : null;
    }

    private char Escaped()
    {
        char c = text[at++];
        int digits = c switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits == 0)
        {
            return c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', _ => c };
        }
        if (at + digits > text.Length
            || !ushort.TryParse(text.Slice(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
        {
            return c;
        }
        at += digits;
        return (char)code;
    }

    private bool Number(ref MessageWriter w)
    {
        int begin = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '+' or '-' or '.'))
        {
            at++;
        }
        ReadOnlySpan<char> number = text[begin..at];
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            w.Int(integer);
            return true;
        }
        if (double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
        {
            w.Float(real);
            return true;
        }
        return false;
    }
}
