using System.Buffers;
using System.Runtime.CompilerServices;

namespace Csds.Protocol.Tests.Frames;

/// <summary>
/// What one side of a real connection wrote, as scripts/record/record_frames.py recorded it: a handshake, and the messages
/// behind it.
/// </summary>
internal sealed class Recording
{
    private Recording(string name, byte[] bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    /// <summary>Such as <c>2022/scheduler-identity.sent</c>.</summary>
    internal string Name { get; }

    internal byte[] Bytes { get; }

    /// <summary>The names of all recordings.</summary>
    internal static IEnumerable<string> Names() => Directory.GetFiles(Folder(), "*.bin", SearchOption.AllDirectories)
        .Select(path => Path.ChangeExtension(Path.GetRelativePath(Folder(), path), null))
        .Order(StringComparer.Ordinal);

    internal static Recording Load(string name) => new(name, File.ReadAllBytes(Path.Combine(Folder(), name + ".bin")));

    /// <summary>The file with the recording as text.</summary>
    internal string TextPath => Path.Combine(Folder(), Name + ".txt");

    /// <summary>Its messages; the recording is presented whole.</summary>
    internal List<FrameGroup> Messages() => Cut(new ReadOnlySequence<byte>(Bytes));

    /// <summary>Cuts bytes into messages, of which all must be whole.</summary>
    internal static List<FrameGroup> Cut(ReadOnlySequence<byte> bytes)
    {
        var reader = new FrameReader();
        var messages = new List<FrameGroup>();
        while (reader.TryRead(ref bytes, out FrameGroup? message))
        {
            messages.Add(message);
        }
        Xunit.Assert.True(bytes.IsEmpty && reader.IsAtBoundary);
        return messages;
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "recorded");
}
