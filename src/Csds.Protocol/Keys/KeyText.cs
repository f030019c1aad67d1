using System.Buffers;
using System.Text;

namespace Csds.Protocol;

/// <summary>
/// The text of a key exactly as CPython prints it: <c>str(key)</c> and <c>repr(key)</c>. Users see it on pages and in
/// errors, and <c>dask.order</c> breaks ties by it.
/// </summary>
public static class KeyText
{
    /// <summary><c>str(key)</c>.</summary>
    public static string Str(ReadOnlySpan<byte> token) =>
        TryGetStr(token, out ReadOnlySpan<byte> text) ? Encoding.UTF8.GetString(text) : Repr(token);

    /// <summary>The text of a key that is a str, as UTF-8 within the token; false for any other key.</summary>
    public static bool TryGetStr(ReadOnlySpan<byte> token, out ReadOnlySpan<byte> text)
    {
        var reader = new KeyReader(token);
        bool isStr = reader.Read() == KeyPartKind.Str;
        text = isStr ? reader.Content : default;
        return isStr;
    }

    /// <summary><c>repr(key)</c>.</summary>
    public static string Repr(ReadOnlySpan<byte> token)
    {
        var output = new ArrayBufferWriter<byte>(token.Length + 16);
        WriteRepr(token, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>Appends <c>repr(key)</c> as UTF-8.</summary>
    public static void WriteRepr(ReadOnlySpan<byte> token, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var reader = new KeyReader(token);
        // The tuple being printed is held in two locals, those around it on a stack of our own: a key nested a million
        // levels deep must not end the process.
        Stack<(int Left, int Count)>? outer = null;
        int left = 0, count = -1;
        while (true)
        {
            if (WritePart(ref reader, output) && reader.Count > 0)
            {
                if (count >= 0)
                {
                    (outer ??= new Stack<(int, int)>()).Push((left, count));
                }
                left = count = reader.Count;
                output.Write("("u8);
                continue;
            }
            while (count >= 0 && --left == 0)
            {
                output.Write(count == 1 ? ",)"u8 : ")"u8);
                (left, count) = outer is { Count: > 0 } ? outer.Pop() : (0, -1);
            }
            if (count < 0)
            {
                return;
            }
            output.Write(", "u8);
        }
    }

    /// <summary>Prints one part, or nothing and true for the head of a tuple that has items.</summary>
    private static bool WritePart(ref KeyReader reader, IBufferWriter<byte> output)
    {
        switch (reader.Read())
        {
            case KeyPartKind.Str:
                PythonRepr.WriteStr(reader.Content, output);
                break;
            case KeyPartKind.Integer:
                PythonRepr.WriteInteger(reader.Integer, output);
                break;
            case KeyPartKind.LargeInteger:
                PythonRepr.WriteInteger((ulong)reader.Integer, output);
                break;
            case KeyPartKind.Float:
                PythonRepr.WriteFloat(reader.Float, output);
                break;
            case KeyPartKind.Bytes:
                PythonRepr.WriteBytes(reader.Content, output);
                break;
            case KeyPartKind.Bool:
                output.Write(reader.Integer != 0 ? "True"u8 : "False"u8);
                break;
            case KeyPartKind.None:
                output.Write("None"u8);
                break;
            default:
                if (reader.Count == 0)
                {
                    output.Write("()"u8);
                }
                return true;
        }
        return false;
    }
}
