using Csds.Simulator.Wire;

namespace Csds.Protocol.Tests.Frames;

/// <summary>A recorded message as text; long bytes, pickles for the most part, only by their size.</summary>
internal static class RecordingText
{
    private const int LongestBytes = 24;

    internal static string Of(FrameGroup message)
    {
        var reader = new MessageReader(message);
        object? value = ValueReader.Read(ref reader);
        Xunit.Assert.True(reader.End);
        // A transfer of a stream has a line for each of its messages.
        return value is List<object?> { Count: > 1 } list
            ? "[" + string.Join(",\n ", list.Select(item => PythonText.Repr(Shorten(item)))) + "]"
            : PythonText.Repr(Shorten(value));
    }

    private static object? Shorten(object? value) => value switch
    {
        byte[] { Length: > LongestBytes } bytes => new Summary($"<{bytes.Length} bytes>"),
        Opaque opaque => new Summary($"<pickled, frames of {string.Join(" + ", opaque.Frames.Select(f => f.Length))} bytes>"),
        PythonSet set => new PythonSet(set.Select(Shorten)),
        List<object?> list => list.ConvertAll(Shorten),
        PythonDict dict => Shorten(dict),
        _ => value,
    };

    private static PythonDict Shorten(PythonDict dict)
    {
        var result = new PythonDict();
        foreach ((object? key, object? value) in dict)
        {
            result.With(Shorten(key), Shorten(value));
        }
        return result;
    }

    private sealed class Summary(string text)
    {
        public override string ToString() => text;
    }
}
