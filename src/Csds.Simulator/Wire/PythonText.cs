using System.Globalization;
using System.Text;
using Csds.Protocol;

namespace Csds.Simulator.Wire;

/// <summary>Values as Python prints them, for transcripts and reports.</summary>
public static class PythonText
{
    /// <summary>A value's <c>repr</c>; what is pickled shows its bytes.</summary>
    public static string Repr(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => Float(number),
        string text => Key.FromString(text).Repr(),
        byte[] bytes => $"b'{Ascii(bytes)}'",
        Key key => key.Repr(),
        Opaque opaque => Frames(opaque),
        PythonDict dict => $"{{{string.Join(", ", dict.Select(e => $"{Repr(e.Key)}: {Repr(e.Value)}"))}}}",
        PythonSet set => $"{{{string.Join(", ", set.Select(Repr))}}}",
        IEnumerable<object?> items => $"[{string.Join(", ", items.Select(Repr))}]",
        _ => value.ToString() ?? "",
    };

    private static string Float(double number) =>
        number == Math.Floor(number) && Math.Abs(number) < 1e15
            ? number.ToString("F1", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture);

    // The first frame is a header, which holds the pickle itself if no other frames follow.
    private static string Frames(Opaque opaque)
    {
        if (opaque.Frames.Length > 1)
        {
            return $"<{string.Join(" | ", opaque.Frames.Skip(1).Select(f => Ascii(f.Span)))}>";
        }
        var reader = new MessageReader(opaque.Frames[0]);
        return ValueReader.Read(ref reader) is PythonDict header && header["pickled-obj"] is byte[] pickle
            ? $"<{Ascii(pickle)}>"
            : "<nothing>";
    }

    private static string Ascii(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte b in bytes)
        {
            text.Append(b is >= 0x20 and < 0x7f ? ((char)b).ToString() : $"\\x{b:x2}");
        }
        return text.ToString();
    }
}
